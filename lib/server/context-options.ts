import {
  assertionKeysFromKeyFile,
  createAssertionKeyFile,
  isAssertionKeyFile,
  type WatchedAssertionKeys,
} from '../shared/assertion-key-file.js';
import {
  type AssertionKeyInput,
  type AssertionKeys,
  assertionKeysFromInputs,
  assertionKeysFromRing,
  checkNoKeyOfTokens,
} from '../shared/assertion-keys.js';
import { ConfigurationError } from '../shared/errors.js';
import { type AssertionVerifier, createAssertionVerifier } from '../shared/gateway-assertion.js';
import type { RingKey } from '../shared/key.js';
import { keyRingFromEnv } from '../shared/key-ring-env.js';
import { isKeyRing, type KeyRing, type KeysInput, toKeyRing } from '../shared/key-ring.js';
import { type Logger, readLogger, type SettledLogger } from '../shared/log.js';
import { ownOptions, readFlag } from '../shared/options.js';
import type { RevocationList } from '../shared/revocation.js';
import { checkServiceName } from '../shared/services.js';
import { isProduction, readListSetting, readServiceName, readSetting } from '../shared/settings.js';
import { readCacheSize, readClockTolerance, readRevocations } from '../shared/token-verifier.js';
import { createTokenChecker, type TokenChecker } from '../shared/token-checker.js';
import { type PeerCheck, trustedNetworks } from './trusted-networks.js';

/** Options of `contextFromGateway()` and `identify()`. All are optional: a service is usually set up by its environment. */
export interface ContextFromGatewayOptions {
  /** The keys of tokens. Default: from `JWT_SECRET_KEY`, `JWT_SECRET_KEY_PREVIOUS` and `JWT_ALGORITHM`. */
  readonly keys?: KeysInput | undefined;
  /**
   * The keys of assertions: what `deriveAssertionKey` made for this service, or the gateway's public key; several during a
   * rotation; a file of them (`assertionKeysFromFile`); or a key ring made for assertions. Default: from the file that
   * `GATEWAY_ASSERTION_KEY_FILE` names, else from `GATEWAY_ASSERTION_KEY` (comma-separated), else derived from the secrets in `keys`.
   */
  readonly assertionKeys?:
    | AssertionKeyInput
    | readonly AssertionKeyInput[]
    | WatchedAssertionKeys
    | KeyRing
    | undefined;
  /**
   * This service's name: the audience that assertions, and tokens that name one, must be for. Default: `SERVICE_NAME`.
   * Unknown, any audience is accepted outside of production, and production refuses to start; `null` says that it is meant.
   */
  readonly audience?: string | null | undefined;
  /**
   * Peers whose plain identity headers are believed without proof: addresses, CIDR blocks, `loopback`, `private`, `unix`.
   * Default: none with a key; without one `loopback`, outside of production only and never behind a proxy.
   */
  readonly trustedNetworks?: readonly string[] | undefined;
  /** Tokens and services no longer accepted. Default: none. */
  readonly revocations?: RevocationList | undefined;
  /** How far clocks may differ, in seconds, 0 to 60. Default: 5. */
  readonly clockToleranceSeconds?: number | undefined;
  /** How many verified tokens, and as many assertions, are remembered, 0 to 1,000,000. Default: 10,000. */
  readonly cacheSize?: number | undefined;
  /** Whether a request without a proven caller is answered at once. Default: false; guards decide. */
  readonly required?: boolean | undefined;
  /** Default: winston, JSON on stdout. */
  readonly logger?: Logger | undefined;
}

/** Who is believed: the settled options of `contextFromGateway()`. */
export interface Trust {
  /** Checks bearer tokens, but for whom they are meant; undefined without a key. */
  readonly tokens: TokenChecker | undefined;
  /** This service's name; null: tokens and assertions for any are accepted. */
  readonly audience: string | null;
  /** Checks assertions; undefined without a key. */
  readonly assertions: AssertionVerifier | undefined;
  readonly isTrustedPeer: PeerCheck;
  /** Whether a trusted peer is no longer believed when a proxy stands before it: where loopback is trusted by default. */
  readonly directOnly: boolean;
}

/** The options, settled. */
export interface ResolvedContext {
  readonly trust: Trust;
  readonly required: boolean;
  readonly logger: SettledLogger;
}

const NAMES: readonly (keyof ContextFromGatewayOptions)[] = [
  'keys',
  'assertionKeys',
  'audience',
  'trustedNetworks',
  'revocations',
  'clockToleranceSeconds',
  'cacheSize',
  'required',
  'logger',
];

/**
 * Settles the options, once.
 *
 * @throws ConfigurationError where one is unknown or wrong, or where a trust decision is missing in production
 */
export function resolveContext(owner: string, options: ContextFromGatewayOptions): ResolvedContext {
  options = ownOptions(owner, options, NAMES);
  const logger = readLogger(options.logger);
  const keys = options.keys === undefined ? keyRingFromEnv() : toKeyRing('keys', options.keys);
  const assertionKeys = readAssertionKeys(options.assertionKeys, keys, logger);
  const clockToleranceSeconds = readClockTolerance(options.clockToleranceSeconds);
  const revocations = readRevocations(options.revocations);
  const cacheSize = readCacheSize(options.cacheSize);
  const shared = { clockToleranceSeconds, revocations, cacheSize };
  const audience = readAudience(options.audience, assertionKeys !== undefined);
  const trust: Trust = {
    tokens: keys && createTokenChecker({ keys, ...ANY_TOKEN, ...shared }),
    audience,
    assertions: assertionKeys && createAssertionVerifier({ keys: assertionKeys, audience, ...shared }),
    ...readTrustedPeers(options.trustedNetworks, assertionKeys !== undefined, logger),
  };
  return { trust, required: readFlag('required', options.required, false), logger };
}

// For whom a token may be meant depends on whether an assertion stands beside it: identify() judges that.
const ANY_TOKEN = {
  issuers: undefined,
  audiences: null,
  maxLifetimeSeconds: Number.POSITIVE_INFINITY,
  requiredClaims: [],
};

function readAssertionKeys(
  given: ContextFromGatewayOptions['assertionKeys'],
  keys: KeyRing | undefined,
  logger: Logger,
): AssertionKeys | undefined {
  const tokenKeys = keysNow(keys);
  if (isKeyRing(given)) {
    checkNoKeyOfTokens(
      'assertionKeys',
      keysNow(given).map(({ key }) => key),
      tokenKeys,
    );
    return assertionKeysFromRing(given, true);
  }
  if (isAssertionKeyFile(given)) {
    return assertionKeysFromKeyFile('assertionKeys', given, () => keysNow(keys));
  }
  if (given !== undefined) {
    const inputs = Array.isArray(given) ? given : [given as AssertionKeyInput];
    return assertionKeysFromInputs('assertionKeys', inputs, tokenKeys);
  }
  const path = readSetting('GATEWAY_ASSERTION_KEY_FILE', process.env);
  if (path !== undefined) {
    const file = createAssertionKeyFile('GATEWAY_ASSERTION_KEY_FILE', path, logger);
    return assertionKeysFromKeyFile('GATEWAY_ASSERTION_KEY_FILE', file, () => keysNow(keys));
  }
  const fromEnv = readListSetting('GATEWAY_ASSERTION_KEY', process.env);
  if (fromEnv.length > 0) return assertionKeysFromInputs('GATEWAY_ASSERTION_KEY', fromEnv, tokenKeys);
  return keys && assertionKeysFromRing(keys, false);
}

/** A ring that fetches its keys may have none yet. */
function keysNow(ring: KeyRing | undefined): readonly RingKey[] {
  try {
    return ring?.snapshot().keys ?? NO_KEYS;
  } catch {
    return NO_KEYS;
  }
}

const NO_KEYS: readonly RingKey[] = [];

function readAudience(audience: string | null | undefined, hasKey: boolean): string | null {
  if (audience === null) return null;
  const name = audience === undefined ? readServiceName(process.env) : checkServiceName('audience', audience);
  if (name === undefined && hasKey && isProduction(process.env)) {
    throw new ConfigurationError(
      'SERVICE_NAME',
      "is not set, and in production a service must know its name: else it accepts what the gateway told another one. Set it (or the option 'audience'), or say audience: null if any is meant.",
    );
  }
  return name ?? null;
}

function readTrustedPeers(
  networks: readonly string[] | undefined,
  hasKey: boolean,
  logger: Logger,
): Pick<Trust, 'isTrustedPeer' | 'directOnly'> {
  if (networks !== undefined) return { isTrustedPeer: trustedNetworks(networks), directOnly: false };
  if (hasKey) return { isTrustedPeer: () => false, directOnly: false };
  const remedy = 'Set JWT_SECRET_KEY or GATEWAY_ASSERTION_KEY, so that callers can be proven';
  if (isProduction(process.env)) {
    throw new ConfigurationError(
      'JWT_SECRET_KEY',
      `is not set. ${remedy}, or name the peers to believe in trustedNetworks.`,
    );
  }
  logger.warn(`No key is set: identity headers are believed from loopback. ${remedy}.`);
  return { isTrustedPeer: trustedNetworks(['loopback']), directOnly: true };
}
