import jwt from 'jsonwebtoken';
import { provideMint } from './loaded-mint.js';
import { checkTokenLength, type CreateServiceTokenOptions, settleServiceToken } from './service-token-claims.js';

/**
 * Mints a service token: a service's credential, with a token id (`jti`) by which it can be revoked and the `kid` of the
 * key that signed it.
 *
 * @example Mint a token for one day that only orders-service accepts
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import { createKeyRing, createServiceToken } from 'service-auth/shared';
 *
 * const keys = createKeyRing({ current: randomBytes(48).toString('base64url') });
 * const token = createServiceToken('tenant-deletion-orchestrator', {
 *   keys,
 *   expiresInSeconds: 24 * 60 * 60,
 *   audience: 'orders-service',
 * });
 * console.log(token.split('.').length);
 * ```
 *
 * @param service - the service's name
 * @param options - the keys, and what differs from the defaults
 * @returns the token
 * @throws ConfigurationError where a name or value breaks its rule, or the ring has no key that may sign for this service
 */
export function createServiceToken(service: string, options: CreateServiceTokenOptions): string {
  const { claims, signingKey, algorithm, kid } = settleServiceToken(service, options);
  const token = jwt.sign(claims, signingKey, { algorithm, keyid: kid });
  checkTokenLength(token.length);
  return token;
}

provideMint(createServiceToken);
