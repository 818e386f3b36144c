import { isUtf8 } from 'node:buffer';
import { InvalidTokenError } from './errors.js';
import { withoutStack } from './without-stack.js';

/** The longest token or assertion, in characters. Longer ones are refused before anything is decoded. */
export const MAX_TOKEN_LENGTH = 8192;

/** A signed JWT taken apart, its form checked; nothing in it is verified yet. */
export interface ParsedJwt {
  readonly text: string;
  readonly algorithm: string;
  readonly kid: string | undefined;
  readonly typ: string | undefined;
  readonly payloadPart: string;
}

// Each of these asks the reader to trust or transform something that the sender chose: another key, a compressed or
// unencoded payload, an extension that must be understood (RFC 7515 §4.1, RFC 7797, RFC 8725 §3.10).
const REFUSED_PARAMETERS = ['crit', 'b64', 'zip', 'enc', 'jwk', 'jku', 'x5u', 'x5c', '__proto__'];

/**
 * Takes a compact JWS (RFC 7515 §7.1) apart, strictly: three canonical base64url parts, a header that is one JSON object
 * without doubled names and without parameters that point at other keys.
 *
 * @param token - what came over the wire, of any type
 * @throws InvalidTokenError with the defect in its `reason`
 */
export function parseJwt(token: unknown): ParsedJwt {
  if (typeof token !== 'string') throw new InvalidTokenError('not_a_string');
  if (token.length > MAX_TOKEN_LENGTH) throw new InvalidTokenError('too_long');
  const parts = token.split('.');
  if (parts.length !== 3 || !parts.every(isCanonicalBase64url)) throw new InvalidTokenError('not_a_jwt');
  const [headerPart, payloadPart] = parts as [string, string, string];
  const { algorithm, kid, typ } = headerOf(headerPart);
  return { text: token, algorithm, kid, typ, payloadPart };
}

type Header = Pick<ParsedJwt, 'algorithm' | 'kid' | 'typ'>;

// All tokens of one key have the same header. Bounded, as strangers may send others.
const headers = new Map<string, Header>();
const MAX_HEADERS = 64;

function headerOf(part: string): Header {
  const known = headers.get(part);
  if (known !== undefined) return known;
  const header = readHeader(part);
  if (headers.size >= MAX_HEADERS) headers.clear();
  // A copy: the part itself would keep the whole token in memory.
  headers.set(Buffer.from(part).toString('latin1'), header);
  return header;
}

function readHeader(part: string): Header {
  const header = parseJsonObject(part, 'header');
  for (const name of REFUSED_PARAMETERS) {
    if (Object.hasOwn(header, name)) throw new InvalidTokenError(`header_${name}`);
  }
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string') throw new InvalidTokenError('header_alg');
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 256)) throw new InvalidTokenError('header_kid');
  if (typ !== undefined && typeof typ !== 'string') throw new InvalidTokenError('header_typ');
  return { algorithm: alg, kid, typ };
}

/**
 * Decodes the payload. Says nothing about the signature: until that has proved good, nothing in it is to be believed.
 *
 * @throws InvalidTokenError where it is no JSON object or has doubled names
 */
export function parsePayload(parsed: ParsedJwt): Readonly<Record<string, unknown>> {
  return parseJsonObject(parsed.payloadPart, 'payload');
}

const BASE64URL = /^[A-Za-z0-9_-]+$/;

// The last characters that leave no stray bits where a part does not end with a whole group of four (RFC 4648 §3.5).
const LAST_OF_TWO = 'AQgw';
const LAST_OF_THREE = 'AEIMQUYcgkosw048';

/**
 * Tells whether `part` is what an encoder of base64url makes: a decoder passes over foreign characters, and the last one may carry
 * stray bits, by which one token would have many spellings.
 */
export function isCanonicalBase64url(part: string): boolean {
  if (!BASE64URL.test(part)) return false;
  const last = part.charAt(part.length - 1);
  switch (part.length % 4) {
    case 0:
      return true;
    case 1:
      return false;
    case 2:
      return LAST_OF_TWO.includes(last);
    default:
      return LAST_OF_THREE.includes(last);
  }
}

function parseJsonObject(part: string, where: 'header' | 'payload'): Readonly<Record<string, unknown>> {
  const bytes = Buffer.from(part, 'base64url');
  // Looked at first: to decode what is none costs more than all the rest.
  if (!isUtf8(bytes)) throw new InvalidTokenError(`${where}_not_json`);
  const json = bytes.toString();
  let value: unknown;
  try {
    value = withoutStack((): unknown => JSON.parse(json));
  } catch {
    // No cause: the parser's message quotes what it could not read.
    throw new InvalidTokenError(`${where}_not_json`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidTokenError(`${where}_not_an_object`);
  }
  // Two members of one name: another reader may take the first where `JSON.parse` takes the last (RFC 7519 §4).
  if (countMembers(json) !== Object.keys(value).length) throw new InvalidTokenError(`${where}_doubled_name`);
  return value as Record<string, unknown>;
}

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** Counts the members of the one object that a text of valid JSON is; those of objects within it do not count. */
function countMembers(json: string): number {
  let members = 0;
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(json, i);
    } else if (code === COLON) {
      if (depth === 1) members++;
    } else if (isOpening(code)) depth++;
    else if (isClosing(code)) depth--;
  }
  return members;
}

/** The index of the quote that ends the string which begins at `start`. */
function endOfString(json: string, start: number): number {
  let i = start + 1;
  for (; json.charCodeAt(i) !== QUOTE; i++) if (json.charCodeAt(i) === BACKSLASH) i++;
  return i;
}

/** `[` and `{`, which differ in one bit. */
function isOpening(code: number): boolean {
  return (code | 0x20) === 0x7b;
}

/** `]` and `}`. */
function isClosing(code: number): boolean {
  return (code | 0x20) === 0x7d;
}
