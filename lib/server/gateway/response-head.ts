import type { ServerResponse } from 'node:http';
import { createHeaderFilter } from './end-to-end-headers.js';
import { isForeignCoding } from './request-framing.js';

/** The head of a service's answer. */
export interface AnswerHead {
  readonly statusCode: number;
  readonly statusMessage: string;
  /** `1.1`, `1.0`. */
  readonly httpVersion: string;
  /** Flat: name, value, …, each line as it came. */
  readonly rawHeaders: readonly string[];
}

/**
 * Writes a service's response head to the client; it goes out with what is written next.
 *
 * @param ours - lines of the gateway's own, flat: of headers that a service's answer may not have
 */
export type ResponseHeadWriter = (res: ServerResponse, head: AnswerHead, ours: readonly string[]) => void;

// List fields in which the app in front of us (a session, CORS) and the service may both have a say.
const SHARED_FIELDS: ReadonlySet<string> = new Set(['set-cookie', 'vary']);

// Node's client keeps as many lines, and drops the rest without a word: where it has just so many, some may have been dropped.
const MAX_HEADER_LINES = 1000;

/**
 * Whether a service's response head can be passed on. Clients are more lenient than Node's server: they read a status of 000, and control
 * characters in the reason phrase, which `writeHead` throws on; and a body whose coding is none that we asked for is handed over still
 * coded (RFC 9112 §6.1).
 */
export function isSoundHead({ statusCode, statusMessage, httpVersion, rawHeaders }: AnswerHead): boolean {
  return (
    httpVersion.startsWith('1.') &&
    rawHeaders.length / 2 < MAX_HEADER_LINES &&
    statusCode >= 200 &&
    /^[\t\x20-\x7e\x80-\xff]*$/.test(statusMessage) &&
    !hasForeignCoding(rawHeaders)
  );
}

function hasForeignCoding(rawHeaders: readonly string[]): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length !== 'transfer-encoding'.length || name.toLowerCase() !== 'transfer-encoding') continue;
    if (isForeignCoding(rawHeaders[index + 1] as string)) return true;
  }
  return false;
}

/**
 * Makes what writes response heads: status, reason phrase and end-to-end headers, without those that `isGatewaysWord` names (canonical
 * name): an answer of one service must not look like the gateway's word to another. Headers that the app has set on `res` stay where the
 * service doesn't set them too. `Via` gets a line of ours (RFC 9110 §7.6.3): an answer without it is the gateway's own.
 *
 * @param via - who passes answers on: a token
 */
export function createResponseHeadWriter(
  isGatewaysWord: (canonicalName: string) => boolean,
  via: string,
): ResponseHeadWriter {
  const filter = createHeaderFilter(isGatewaysWord);
  // RFC 9110 §8.6: no Content-Length in a 204.
  const filterOf204 = createHeaderFilter((name) => isGatewaysWord(name) || name === 'content-length');

  return (res, { statusCode, statusMessage, httpVersion, rawHeaders }, ours) => {
    const lines = (statusCode === 204 ? filterOf204 : filter)(rawHeaders);
    lines.push(...ours, 'Via', `${httpVersion} ${via}`);
    if (res.getHeaderNames().length === 0) {
      // The usual case without Express: Node takes the list as it is.
      res.writeHead(statusCode, statusMessage, lines);
      return;
    }
    setHeaders(res, lines);
    res.writeHead(statusCode, statusMessage);
  };
}

/** Not `writeHead(status, list)`: where a header was set before (Express sets X-Powered-By), Node keeps the last of several Set-Cookie lines only. */
function setHeaders(res: ServerResponse, lines: readonly string[]): void {
  const seen = new Set(SHARED_FIELDS);
  for (let index = 0; index < lines.length; index += 2) {
    const name = lines[index] as string;
    const value = lines[index + 1] as string;
    const field = name.toLowerCase();
    if (seen.has(field)) res.appendHeader(name, value);
    else res.setHeader(name, value);
    seen.add(field);
  }
}
