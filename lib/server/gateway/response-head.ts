import type { IncomingMessage, ServerResponse } from 'node:http';
import { endToEndHeaders } from './end-to-end-headers.js';
import type { ForwardOptions } from './forward-options.js';
import { hasForeignTransferCoding } from './request-framing.js';

// List fields in which the app in front of us (a session, CORS) and the service may both have a say.
const SHARED_FIELDS: ReadonlySet<string> = new Set(['set-cookie', 'vary']);

// Node's client keeps as many lines, and drops the rest without a word: where it has just so many, some may have been dropped.
const MAX_HEADER_LINES = 1000;

/**
 * Whether a service's response head can be passed on. Node's client is more lenient than its server: it reads other versions of
 * HTTP, a status of 000, and control characters in the reason phrase, which `writeHead` throws on.
 */
export function isSoundHead(answer: IncomingMessage): boolean {
  return (
    answer.httpVersionMajor === 1 &&
    answer.rawHeaders.length / 2 < MAX_HEADER_LINES &&
    (answer.statusCode as number) >= 200 &&
    /^[\t\x20-\x7e\x80-\xff]*$/.test(answer.statusMessage as string) &&
    !hasForeignTransferCoding(answer)
  );
}

/**
 * Writes a service's response head to the client: status, reason phrase and end-to-end headers, without those that
 * `isGatewaysWord` names (canonical name): an answer of one service must not look like the gateway's word to another.
 * Headers that the app has set on `res` stay where the service doesn't set them too. `Via` gets a line of ours (RFC 9110 §7.6.3): an
 * answer without it is the gateway's own.
 */
export function writeResponseHead(
  res: ServerResponse,
  answer: IncomingMessage,
  { isGatewaysWord, via }: Pick<ForwardOptions, 'isGatewaysWord' | 'via'>,
): void {
  // RFC 9110 §8.6: no Content-Length in a 204.
  const drop = (name: string): boolean =>
    isGatewaysWord(name) || (answer.statusCode === 204 && name === 'content-length');
  const lines = endToEndHeaders(answer.rawHeaders, drop);
  const seen = new Set(SHARED_FIELDS);
  // Not writeHead(status, list): where a header was set before (Express sets X-Powered-By), Node keeps the last of several
  // Set-Cookie lines only.
  for (let index = 0; index < lines.length; index += 2) {
    const name = lines[index] as string;
    const value = lines[index + 1] as string;
    const field = name.toLowerCase();
    if (seen.has(field)) res.appendHeader(name, value);
    else res.setHeader(name, value);
    seen.add(field);
  }
  res.appendHeader('Via', `${answer.httpVersion} ${via}`);
  res.writeHead(answer.statusCode as number, answer.statusMessage as string);

  // An event stream may be silent for long after its head; a usual answer goes out as one packet with its first bytes.
  const flush = setImmediate(() => {
    res.flushHeaders();
  });
  const moved = (): void => {
    clearImmediate(flush);
  };
  answer.once('data', moved).once('end', moved);
}
