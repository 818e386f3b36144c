import { InvalidTokenError } from '../shared/errors.js';
import type { TokenChecker, VerifiedToken } from '../shared/token-checker.js';

/**
 * Reads the token out of an `Authorization` header (RFC 6750 §2.1).
 *
 * @param lines - every `Authorization` line of the request
 * @returns the token, or undefined where there is none or the scheme is another
 * @throws InvalidTokenError where there are several lines, or a `Bearer` without exactly one token after one space
 */
export function bearerToken(lines: readonly (string | undefined)[]): string | undefined {
  if (lines.length === 0) return undefined;
  // Node keeps the first of several lines, another hop the last: which caller is meant cannot be told.
  if (lines.length > 1) throw new InvalidTokenError('duplicate_authorization');
  const value = lines[0];
  if (value === undefined) throw new InvalidTokenError('malformed_authorization');
  if (!/^bearer(?![^\s,])/i.test(value)) return undefined;
  const token = /^bearer ([^\s,]+)$/i.exec(value)?.[1];
  if (token === undefined) throw new InvalidTokenError('malformed_authorization');
  return token;
}

const BEARER = 'Bearer ';

/**
 * The token of the usual `Authorization` header, where it is remembered as good: what was found good once has a good form.
 *
 * @param lines - every `Authorization` line of the request
 * @returns undefined where {@link bearerToken} has to read it, and somebody to check it
 * @throws AuthError where the token was revoked meanwhile
 */
export function recallBearer(lines: readonly (string | undefined)[], tokens: TokenChecker): VerifiedToken | undefined {
  const [line] = lines;
  return lines.length === 1 && line?.startsWith(BEARER) === true ? tokens.recall(line.slice(BEARER.length)) : undefined;
}
