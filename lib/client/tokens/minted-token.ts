import { randomBytes } from 'node:crypto';
import { isAuthError } from '../../shared/errors.js';
import { toKeyRing } from '../../shared/key-ring.js';
import { ownOptions, wholeNumber } from '../../shared/options.js';
import type { Mint } from '../../shared/loaded-mint.js';
import {
  checkTokenLength,
  type CreateServiceTokenOptions,
  payloadLength,
  settleServiceToken,
} from '../../shared/service-token-claims.js';
import { LATE_MINT, type LateMint } from './load-mint.js';
import { isExpired, type TokenFacts } from './token-facts.js';
import type { TokenSource } from './token-source.js';
import { checkToken } from './token-text.js';

const LIFETIME_SECONDS = { min: 10, max: 24 * 60 * 60, fallback: 300 };
const INVALIDATE_EVERY_MS = 1000;

/** Options of {@link mintedToken}. */
export interface MintedTokenOptions extends Omit<CreateServiceTokenOptions, 'expiresInSeconds'> {
  /** The name of this service, which the tokens speak for. */
  readonly service: string;
  /** How long each token lives, in seconds, 10 to 86,400. Default: 300. */
  readonly lifetimeSeconds?: number | undefined;
}

/**
 * Makes a token source that mints short-lived tokens itself, for a service that holds the key: none is stored, mounted or rotated.
 *
 * The first one is minted at once or, where what mints has still to be loaded, then, and promised until it is there: nobody who imports
 * the client alone waits for that.
 *
 * A token is used until a fifth of its life is left (5 s at least), by the wall clock and by the time that has passed, whichever says
 * so first. A new one is minted earlier where the ring's current key is another one, where the clock was set back to before the token's
 * `iat`, and where the token was answered with 401; for that reason at most once a second. While the ring cannot sign, a token that has
 * not expired stays in use.
 *
 * Whoever holds the key can be any service: give it to few, or bind it to this one (`createKeyRing`). Neither the source nor its errors
 * show the key or a token.
 *
 * @example Tokens of five minutes that only orders-service accepts
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import { createServiceClient, mintedToken } from 'service-auth/client';
 * import { createKeyRing } from 'service-auth/shared';
 *
 * const keys = createKeyRing({ current: randomBytes(48).toString('base64url') });
 * const token = mintedToken({ service: 'tenant-deletion-orchestrator', keys, audience: 'orders-service' });
 * const orders = createServiceClient(token, { baseURL: 'http://orders-service:8000' });
 * console.log(orders.defaults.baseURL);
 * ```
 *
 * @param options - the service, the keys, and what differs from the defaults; read once
 * @returns a source that throws where the ring has no key, or no more, that may sign for this service
 * @throws ConfigurationError where an option is unknown or wrong, or the ring has keys of which none may sign for this service
 */
export function mintedToken(options: MintedTokenOptions): TokenSource {
  return mintedTokenBy(LATE_MINT, options);
}

/** As {@link mintedToken}; until what mints is loaded, its tokens are promised. */
export function mintedTokenBy(late: LateMint, options: MintedTokenOptions): TokenSource {
  options = ownOptions('mintedToken', options, [
    'service',
    'keys',
    'lifetimeSeconds',
    'role',
    'scope',
    'audience',
    'issuer',
  ]);
  const { service, role, scope, audience, issuer } = options;
  const name = `mintedToken(${service})`;
  const lifetimeSeconds = wholeNumber('lifetimeSeconds', options.lifetimeSeconds, LIFETIME_SECONDS);
  const keys = toKeyRing('keys', options.keys);
  const claims: Omit<CreateServiceTokenOptions, 'keys'> = {
    expiresInSeconds: lifetimeSeconds,
    role,
    scope,
    audience: Array.isArray(audience) ? [...(audience as readonly string[])] : audience,
    issuer,
  };
  const useSeconds = lifetimeSeconds - Math.max(lifetimeSeconds / 5, 5);

  const mintBy = (mint: Mint): MintedToken => {
    const { current } = keys.snapshot();
    const facts = checkToken(name, mint(service, { ...claims, keys }));
    rememberMinted(facts.id as string);
    return { facts, kid: current?.kid, mintedAt: performance.now() };
  };
  const isDue = ({ facts, kid, mintedAt }: MintedToken): boolean => {
    const expiresAt = facts.expiresAt as number;
    const now = Date.now() / 1000;
    const issuedAt = expiresAt - lifetimeSeconds;
    if (now < issuedAt || now >= issuedAt + useSeconds) return true;
    return performance.now() - mintedAt >= useSeconds * 1000 || keys.snapshot().current?.kid !== kid;
  };

  // Also where the ring has no keys yet, what is wrong with the rest shall show now.
  const probe = { ...claims, keys: { current: randomBytes(48).toString('base64url') } };
  checkTokenLength(payloadLength(settleServiceToken(service, probe)));
  // One is held from the beginning, as the ring may be without a key by the time that it is asked for.
  let held: MintedToken | undefined;
  const holdOne = (mint: Mint): void => {
    unlessKeysUnavailable(() => (held ??= mintBy(mint)));
  };
  const loaded = late.loaded();
  if (loaded !== undefined) holdOne(loaded);
  else {
    unlessKeysUnavailable(() => settleServiceToken(service, { ...claims, keys }));
    // Where it cannot be loaded, or not mint, whoever asks for a token is told.
    late
      .load()
      .then(holdOne)
      .catch(() => undefined);
  }
  let isRefused = false;
  let invalidatedAt = Number.NEGATIVE_INFINITY;

  const giveBy = (mint: Mint): string => {
    try {
      if (held === undefined || isRefused || isDue(held)) held = mintBy(mint);
      isRefused = false;
    } catch (error) {
      if (held === undefined || isExpired(held.facts)) throw error;
    }
    return held.facts.text;
  };

  return Object.freeze({
    name,
    get() {
      const mint = late.loaded();
      return mint === undefined ? late.load().then(giveBy) : giveBy(mint);
    },
    invalidate(token: string) {
      const now = performance.now();
      if (token !== held?.facts.text || now - invalidatedAt < INVALIDATE_EVERY_MS) return;
      invalidatedAt = now;
      isRefused = true;
    },
  });
}

interface MintedToken {
  readonly facts: TokenFacts;
  readonly kid: string | undefined;
  /** By the monotonic clock, in ms. */
  readonly mintedAt: number;
}

function unlessKeysUnavailable(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    if (!isAuthError(error) || error.code !== 'keys_unavailable') throw error;
  }
}

// Behind Symbol.for: tokens of one copy of this package may be sent by another. Ids, which are no secrets.
const MINTED = Symbol.for('service-auth.minted-tokens');
const MAX_MINTED = 10_000;

function mintedIds(): Set<string> {
  const registry = globalThis as Record<symbol, Set<string> | undefined>;
  return (registry[MINTED] ??= new Set<string>());
}

function rememberMinted(id: string): void {
  const ids = mintedIds();
  if (ids.size >= MAX_MINTED) ids.delete(ids.values().next().value as string);
  ids.add(id);
}

/** Tells whether a token with this id comes from a {@link mintedToken} of this process, one of the last 10,000. */
export function isMinted(id: string | undefined): boolean {
  return id !== undefined && mintedIds().has(id);
}
