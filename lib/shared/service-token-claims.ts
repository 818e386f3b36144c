import { randomUUID } from 'node:crypto';
import { MAX_AUDIENCES } from './claims.js';
import { ConfigurationError } from './errors.js';
import { isIdentityText, isRole, isScope } from './identity-text.js';
import { MAX_TOKEN_LENGTH } from './jwt.js';
import type { RingKey } from './key.js';
import { type KeysInput, toKeyRing } from './key-ring.js';
import { ownOptions, describe, wholeNumber } from './options.js';
import { readNames } from './read-names.js';
import { DAY_SECONDS } from './seconds.js';
import { checkServiceName } from './services.js';

/** Options of {@link createServiceToken}. */
export interface CreateServiceTokenOptions {
  /** Whose current key signs, such as `{ current: secret }` or `keyRingFromEnv()`; undefined throws. */
  readonly keys: KeysInput | undefined;
  /** How long the token lives, in seconds, 1 second to 10 years. Default: 365 days; give services less where you can. */
  readonly expiresInSeconds?: number | undefined;
  /** One word. Default: `admin`, which other languages' services expect. */
  readonly role?: string | undefined;
  /** Space-separated (RFC 6749 §3.3), such as `tenant:delete`. Default: none. */
  readonly scope?: string | undefined;
  /** The only service or services that shall accept it, at most 32. Default: none; it is good everywhere. */
  readonly audience?: string | readonly string[] | undefined;
  /** Who issued it. Default: none. */
  readonly issuer?: string | undefined;
}

/** A service token before it is signed. */
export interface UnsignedServiceToken extends Pick<RingKey, 'algorithm' | 'kid'> {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signingKey: NonNullable<RingKey['signingKey']>;
}

/**
 * Settles what a service token says, and which key signs it.
 *
 * @param service - the service's name
 * @param options - as of `createServiceToken`
 * @throws ConfigurationError where a name or value breaks its rule, or the ring has no key that may sign for this service
 */
export function settleServiceToken(service: string, options: CreateServiceTokenOptions): UnsignedServiceToken {
  checkServiceName('service', service);
  options = ownOptions('createServiceToken', options, [
    'keys',
    'expiresInSeconds',
    'role',
    'scope',
    'audience',
    'issuer',
  ]);
  const { current } = toKeyRing('keys', options.keys).snapshot();
  if (current?.signingKey === undefined) {
    throw new ConfigurationError('keys', 'has no current key, so it can verify but not sign. Give it one.');
  }
  if (current.service !== undefined && current.service !== service) {
    throw new ConfigurationError('keys', `has a current key that is bound to ${current.service}.`);
  }
  const lifetime = { min: 1, max: 3650 * DAY_SECONDS, fallback: 365 * DAY_SECONDS };
  const { scope, issuer } = options;
  if (scope !== undefined && !isScope(scope))
    throw new ConfigurationError('scope', 'must be words separated by single spaces.');
  if (issuer !== undefined && !isIdentityText(issuer)) {
    throw new ConfigurationError('issuer', `must be a name, not ${describe(issuer)}.`);
  }
  const { role = 'admin' } = options;
  if (!isRole(role)) throw new ConfigurationError('role', `must be one word, not ${describe(role)}.`);
  const audiences = options.audience === undefined ? undefined : readNames('audience', options.audience);
  if (audiences !== undefined && audiences.length > MAX_AUDIENCES) {
    throw new ConfigurationError('audience', `must name at most ${String(MAX_AUDIENCES)} services.`);
  }
  const issuedAt = Math.floor(Date.now() / 1000);
  const claims = {
    sub: service,
    user_id: service,
    service,
    type: 'service',
    is_service: true,
    role,
    email: `${service}@internal.service`,
    iat: issuedAt,
    exp: issuedAt + wholeNumber('expiresInSeconds', options.expiresInSeconds, lifetime),
    jti: randomUUID(),
    ...(issuer !== undefined && { iss: issuer }),
    ...(audiences !== undefined && { aud: audiences.length === 1 ? audiences[0] : audiences }),
    ...(scope !== undefined && { scope }),
  };
  return { claims, algorithm: current.algorithm, kid: current.kid, signingKey: current.signingKey };
}

/** What a token with these claims is longer than, whatever its key, in characters. */
export function payloadLength({ claims }: UnsignedServiceToken): number {
  return Buffer.from(JSON.stringify(claims)).toString('base64url').length;
}

/**
 * @param length - of a token, or of a part of it
 * @throws ConfigurationError where nobody would accept it
 */
export function checkTokenLength(length: number): void {
  if (length <= MAX_TOKEN_LENGTH) return;
  throw new ConfigurationError(
    'audience',
    `makes the token longer than ${String(MAX_TOKEN_LENGTH)} characters, which nobody accepts. Name fewer audiences or scopes.`,
  );
}
