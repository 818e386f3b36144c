import { setTimeout as wait } from 'node:timers/promises';
import type { KeyRing } from '../shared/key-ring.js';
import type { KnownService } from '../shared/services.js';
import { audiencesOf } from '../shared/claims.js';
import { createRevocationList, type Revocation, type RevocationList } from '../shared/revocation.js';
import { addRevocation } from '../server/revocation/revocation-file.js';
import { createServiceToken } from '../shared/service-token.js';
import { createTokenChecker, type TokenChecker } from '../shared/token-checker.js';
import { failure } from './cli-error.js';
import type { IssuedToken } from './store/token-store.js';

/** What a token shall say. */
export interface MintOptions {
  readonly expiresInSeconds: number;
  readonly scope: string | undefined;
  readonly audience: readonly string[] | undefined;
}

/** A new token that has been verified. */
export interface MintedToken {
  readonly service: KnownService;
  /** What of it is remembered. */
  readonly issued: IssuedToken;
  /** The secret itself. */
  readonly token: string;
}

/**
 * Mints a token and verifies it as a service would: signature, claims, life, revocations, and that it is a service's, whom `requireService()` lets in.
 *
 * Where all tokens of this service up to this second were just revoked, it waits for the next one.
 *
 * @throws CliError where the service is revoked for longer
 */
export async function mint(
  service: KnownService,
  keys: KeyRing,
  options: MintOptions,
  revocations: readonly Revocation[],
): Promise<MintedToken> {
  const issuedBefore = revokedUntil(service.name, revocations);
  const seconds = issuedBefore - Date.now() / 1000;
  if (seconds > 2) {
    throw failure(
      `Every token that ${service.name} is issued before ${new Date(issuedBefore * 1000).toISOString()} is revoked already.`,
    );
  }
  if (seconds > 0) await wait(Math.ceil(seconds * 1000));
  const token = createServiceToken(service.name, { keys, ...options });
  const { claims, keyId } = checkerOf(keys, revocationListOf(revocations), null).check(token);
  const { jti, iat, exp, scope } = claims;
  const audiences = audiencesOf(claims);
  const issued = {
    service: service.name,
    tokenId: jti as string,
    keyId,
    issuedAt: iat as number,
    expiresAt: exp,
    ...(scope !== undefined && { scope }),
    ...(audiences.length > 0 && { audience: audiences }),
  };
  return { service, issued, token };
}

function revokedUntil(name: string, revocations: readonly Revocation[]): number {
  const entry = revocations.find((one) => 'service' in one && one.service === name);
  return entry !== undefined && 'service' in entry ? entry.issuedBefore : 0;
}

/** Makes the list of a store's entries. */
export function revocationListOf(entries: readonly Revocation[]): RevocationList {
  const list = createRevocationList();
  for (const entry of entries) addRevocation(list, entry);
  return list;
}

/**
 * Makes what verifies tokens as a service does.
 *
 * @param audience - the service's name; null: whatever audience the token names
 */
export function checkerOf(keys: KeyRing, revocations: RevocationList, audience: string | null): TokenChecker {
  return createTokenChecker({
    keys,
    revocations,
    audiences: audience === null ? null : [audience],
    issuers: undefined,
    clockToleranceSeconds: 5,
    maxLifetimeSeconds: Number.POSITIVE_INFINITY,
    requiredClaims: [],
    cacheSize: 0,
  });
}
