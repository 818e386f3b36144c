import { isCanonicalBase64url, MAX_TOKEN_LENGTH } from '../../shared/jwt.js';

/** What a token says of itself. Nothing of it is verified: who sends a token needs no key. */
export interface TokenFacts {
  readonly text: string;
  /** `exp`, in seconds since 1970; undefined where it has none. */
  readonly expiresAt: number | undefined;
  /** `service`, else `sub`, else `unknown`: for messages. */
  readonly service: string;
  /** `jti`. */
  readonly id: string | undefined;
}

// Enough for every token that is in use; of more, the usual request would decode one.
const MAX_REMEMBERED = 1000;
const remembered = new Map<string, TokenFacts>();

/**
 * Reads a token, once as long as it is in use: decoding is what a request would spend the most time on.
 *
 * Less strict than the server's `parseJwt`, which refuses header parameters (`jku`, `x5c`, …) that tokens of other issuers have.
 *
 * @param token - what a source gave, of any type
 * @returns undefined where it is no JWT, or has an `exp` that is no number
 */
export function tokenFactsOf(token: unknown): TokenFacts | undefined {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH) return undefined;
  const known = remembered.get(token);
  if (known !== undefined) return known;
  const facts = readFacts(token);
  if (facts === undefined) return undefined;
  if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value as string);
  remembered.set(token, facts);
  return facts;
}

/** Tells whether the token's time is over, by this computer's clock. */
export function isExpired({ expiresAt }: TokenFacts): boolean {
  return expiresAt !== undefined && Math.floor(Date.now() / 1000) >= expiresAt;
}

/** `exp` as people read it. */
export function isoTime(seconds: number): string {
  // What lies before the first date there is would throw.
  return new Date(Math.max(seconds * 1000, -8.64e15)).toISOString();
}

function readFacts(text: string): TokenFacts | undefined {
  const parts = text.split('.');
  if (parts.length !== 3 || !parts.every(isCanonicalBase64url)) return undefined;
  const [header, payload] = parts.slice(0, 2).map(parseObject);
  if (header === undefined || payload === undefined) return undefined;
  const { exp, jti, service, sub } = payload;
  // 1e999 is JSON, and Infinity.
  if (exp !== undefined && !Number.isFinite(exp)) return undefined;
  return Object.freeze({
    text,
    expiresAt: exp as number | undefined,
    service: [service, sub].find(isPlainName) ?? 'unknown',
    id: typeof jti === 'string' ? jti : undefined,
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parseObject(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(Buffer.from(part, 'base64url')));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isPlainName(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,253}$/.test(value);
}
