import jwt from 'jsonwebtoken';
import { InvalidTokenError } from './errors.js';
import type { RingKey } from './key.js';

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
  const header = parseJsonObject(headerPart, 'header');
  for (const name of REFUSED_PARAMETERS) {
    if (Object.hasOwn(header, name)) throw new InvalidTokenError(`header_${name}`);
  }
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string') throw new InvalidTokenError('header_alg');
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 256)) throw new InvalidTokenError('header_kid');
  if (typ !== undefined && typeof typ !== 'string') throw new InvalidTokenError('header_typ');
  return { text: token, algorithm: alg, kid, typ, payloadPart };
}

/**
 * Finds the key that made the signature among those that may have.
 *
 * @param parsed - the token
 * @param candidates - the key that its `kid` names, or every key of its algorithm
 * @throws InvalidTokenError where none of them did. The algorithm is always the key's, never the token's
 */
export function verifySignature(parsed: ParsedJwt, candidates: readonly RingKey[]): RingKey {
  let reason = 'unknown_key';
  for (const key of candidates) {
    if (key.algorithm !== parsed.algorithm) {
      reason = 'wrong_algorithm';
      continue;
    }
    try {
      // Time and claims are checked by us afterwards: jsonwebtoken lets raw errors and non-finite numbers through.
      jwt.verify(parsed.text, key.key, { algorithms: [key.algorithm], ignoreExpiration: true, ignoreNotBefore: true });
      return key;
    } catch {
      reason = 'bad_signature';
    }
  }
  throw new InvalidTokenError(reason);
}

/**
 * Decodes the payload. Says nothing about the signature: until that has proved good, nothing in it is to be believed.
 *
 * @throws InvalidTokenError where it is no JSON object or has doubled names
 */
export function parsePayload(parsed: ParsedJwt): Readonly<Record<string, unknown>> {
  return parseJsonObject(parsed.payloadPart, 'payload');
}

/**
 * Decode, encode, compare: the decoder passes over foreign characters, and the last one may carry stray bits, by which one token
 * would have many spellings.
 */
export function isCanonicalBase64url(part: string): boolean {
  return part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parseJsonObject(part: string, where: 'header' | 'payload'): Readonly<Record<string, unknown>> {
  let value: unknown;
  let json: string;
  try {
    json = utf8.decode(Buffer.from(part, 'base64url'));
    value = JSON.parse(json);
  } catch {
    // No cause: the parser's message quotes what it could not read.
    throw new InvalidTokenError(`${where}_not_json`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidTokenError(`${where}_not_an_object`);
  }
  if (hasDoubledName(json)) throw new InvalidTokenError(`${where}_doubled_name`);
  return value as Record<string, unknown>;
}

/** Two members of one name: another reader may take the first where `JSON.parse` takes the last (RFC 7519 §4). */
function hasDoubledName(json: string): boolean {
  const names = new Set<string>();
  let depth = 0;
  for (const [token, colon] of json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[[\]{}]/g)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (depth === 1 && colon !== undefined) {
      const name = JSON.parse(token.slice(0, -colon.length)) as string;
      if (names.has(name)) return true;
      names.add(name);
    }
  }
  return false;
}
