import { randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { mintedToken, type TokenSource } from 'service-auth/client';
import { createServiceToken, deriveAssertionKey } from 'service-auth/shared';
import { ORCHESTRATOR, type Trust } from './service.js';

const HOUR_SECONDS = 60 * 60;

/** The tokens that the callers of this example hold. */
export interface Tokens {
  readonly orchestrator: string;
  readonly training: string;
  readonly person: string;
  readonly expired: string;
  readonly otherKey: string;
}

/** The keys and tokens of one run. */
export interface Credentials {
  /** Signs every token. The gateway has it; of the services, see {@link Credentials.trustOf}. */
  readonly secret: string;
  readonly tokens: Tokens;
  /** Where the orchestrator's client gets its token. */
  readonly orchestrator: TokenSource;
  /** What a service needs to check its callers. */
  trustOf(service: string): Trust;
  /** All that must never be seen in a log. */
  readonly secrets: ReadonlySet<string>;
}

/** Makes keys for one run, and tokens that live no longer than an hour. */
export function createCredentials(): Credentials {
  const secret = newSecret();
  const keys = { current: secret };
  const expiresInSeconds = HOUR_SECONDS;
  const orchestrator = mintedToken({ service: ORCHESTRATOR, keys, lifetimeSeconds: HOUR_SECONDS });
  const tokens: Tokens = {
    orchestrator: orchestrator.get() as string,
    training: createServiceToken('training-service', { keys, expiresInSeconds }),
    person: personToken(secret),
    expired: expiredToken(secret),
    otherKey: createServiceToken(ORCHESTRATOR, { keys: { current: newSecret() }, expiresInSeconds }),
  };
  const secrets = new Set([secret, ...Object.values<string>({ ...tokens })]);
  return {
    secret,
    tokens,
    orchestrator,
    secrets,
    trustOf(service) {
      // All that this service can do with its key is to check what the gateway tells it.
      const assertionKeys = deriveAssertionKey(`${service}-service`, { keys });
      secrets.add(assertionKeys);
      // orders is also called inside the cluster, past the gateway, so it must check bearer tokens itself. The price of a
      // shared secret: it could mint them too. With a key pair it would hold the public half, and could not.
      return service === 'orders' ? { assertionKeys, keys } : { assertionKeys };
    },
  };
}

function newSecret(): string {
  return randomBytes(48).toString('base64url');
}

/** A person's token, as the auth service signs it after a login. */
function personToken(secret: string): string {
  const claims = { user_id: 'u-1842', email: 'marta@pandeluna.example', type: 'access', role: 'owner' };
  return jwt.sign(claims, secret, { expiresIn: HOUR_SECONDS });
}

/** The orchestrator's token of last year: all is right with it but its time. */
function expiredToken(secret: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    sub: ORCHESTRATOR,
    user_id: ORCHESTRATOR,
    service: ORCHESTRATOR,
    type: 'service',
    is_service: true,
    role: 'admin',
    email: `${ORCHESTRATOR}@internal.service`,
    iat: now - 366 * 24 * HOUR_SECONDS,
    exp: now - 24 * HOUR_SECONDS,
  };
  return jwt.sign(claims, secret);
}
