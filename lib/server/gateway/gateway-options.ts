import type { IncomingMessage } from 'node:http';
import { assertionKeysFromRing, checkNoKeyOfTokens, currentMayVouch } from '../../shared/assertion-keys.js';
import { ConfigurationError } from '../../shared/errors.js';
import { keyRingFromEnv } from '../../shared/key-ring-env.js';
import { type KeyRing, type KeysInput, toKeyRing } from '../../shared/key-ring.js';
import { type Logger, readLogger, type SettledLogger } from '../../shared/log.js';
import { ownOptions, readFlag, wholeNumber } from '../../shared/options.js';
import type { RevocationList } from '../../shared/revocation.js';
import { checkServiceName } from '../../shared/services.js';
import { readServiceName } from '../../shared/settings.js';
import { readCacheSize, readClockTolerance, readRevocations } from '../../shared/token-verifier.js';
import { createTokenChecker, type TokenChecker } from '../../shared/token-checker.js';
import { FORWARD_TIMEOUTS, type ForwardTimeouts } from './forward-options.js';
import { publicEntries, type PublicEntryCheck } from './public-entries.js';
import { createRouteTable, type RouteTable, type RouteTarget } from './routes.js';
import { createVoucher, type Voucher } from './voucher.js';

/** What `gateway()` and `gatewayAuth()` have in common. */
export interface CommonGatewayOptions {
  /** The keys of tokens. Default: from `JWT_SECRET_KEY`, `JWT_SECRET_KEY_PREVIOUS` and `JWT_ALGORITHM`. */
  readonly keys?: KeysInput | undefined;
  /**
   * The keys of assertions: a secret from which each service's key is derived, or a key pair of the gateway's own; never
   * the token keys themselves. Default: derived from the current secret in `keys`; needed where that is a key pair.
   */
  readonly assertionKeys?: KeysInput | undefined;
  /** The gateway's name: who issues assertions, and an audience that tokens may name. Default: `SERVICE_NAME`, else `gateway`. */
  readonly name?: string | undefined;
  /** Method and exact path of what needs no token, such as `POST /api/v1/auth/login`. Default: none. */
  readonly public?: readonly string[] | undefined;
  /** Whether services get the caller's own `Authorization` too; on public entries never. Default: false; the assertion stands for it. */
  readonly forwardAuthorization?: boolean | undefined;
  /** Tokens and services no longer accepted. Default: none. */
  readonly revocations?: RevocationList | undefined;
  /** How far clocks may differ, in seconds, 0 to 60. Default: 5. */
  readonly clockToleranceSeconds?: number | undefined;
  /** How many verified tokens are remembered, 0 to 1,000,000. Default: 10,000. */
  readonly cacheSize?: number | undefined;
  /** Default: winston, JSON on stdout. */
  readonly logger?: Logger | undefined;
}

/** Options of `gatewayAuth()`. */
export interface GatewayAuthOptions extends CommonGatewayOptions {
  /**
   * The service behind a request, for which the assertion is made: its name, or a function that finds it. Where it is not
   * known (`null`, undefined) there is no assertion, and services that want proof believe nothing. Default: none, with a
   * warning; `null` says that it is meant.
   */
  readonly service?: string | ((req: IncomingMessage) => string | undefined) | null | undefined;
}

/** Options of `gateway()`. */
export interface GatewayOptions extends CommonGatewayOptions {
  /**
   * Which path prefixes lead where. Whole segments match, the longest prefix wins, the path is passed on unchanged. The
   * service's name is the one given, else the first label of the host.
   */
  readonly routes: Readonly<Record<string, RouteTarget>>;
  /** How long a connection to a service may take, in ms, 1 to 600,000. Default: 5,000; then 502. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long a service may take until its response head, in ms, 1 to 600,000. Default: 30,000; then 504. */
  readonly responseTimeoutMs?: number | undefined;
  /**
   * How long neither side may send a byte after that, in ms, 1 to 3,600,000; and how long an upload may stand still, beyond
   * `responseTimeoutMs`. Default: 60,000; then the connection ends, for the upload with 408.
   */
  readonly idleTimeoutMs?: number | undefined;
}

/** What the passes need, settled. */
export interface GatewaySettings {
  readonly name: string;
  readonly tokens: TokenChecker;
  readonly voucher: Voucher;
  readonly isPublic: PublicEntryCheck;
  readonly forwardAuthorization: boolean;
  readonly logger: SettledLogger;
}

const COMMON: readonly (keyof CommonGatewayOptions)[] = [
  'keys',
  'assertionKeys',
  'name',
  'public',
  'forwardAuthorization',
  'revocations',
  'clockToleranceSeconds',
  'cacheSize',
  'logger',
];

/** Settles the options of `gatewayAuth()`. */
export function resolveGatewayAuth(
  options: GatewayAuthOptions,
): GatewaySettings & { readonly serviceOf: (req: IncomingMessage) => string | undefined } {
  options = ownOptions('gatewayAuth', options, ['service', ...COMMON]);
  const settings = resolveCommon(options);
  const { service } = options;
  if (service === undefined) {
    settings.logger.warn(
      'gatewayAuth() knows no service, so it makes no assertions. Give it the option service, or null if that is meant.',
    );
  }
  if (typeof service === 'function') {
    return {
      ...settings,
      serviceOf(req) {
        const found = service(req);
        return found === undefined ? undefined : checkServiceName('service', found);
      },
    };
  }
  const name = service === undefined || service === null ? undefined : checkServiceName('service', service);
  return { ...settings, serviceOf: () => name };
}

/** Settles the options of `gateway()`. */
export function resolveGateway(
  options: GatewayOptions,
): GatewaySettings & { readonly routes: RouteTable; readonly timeouts: ForwardTimeouts } {
  options = ownOptions('gateway', options, [
    'routes',
    'connectTimeoutMs',
    'responseTimeoutMs',
    'idleTimeoutMs',
    ...COMMON,
  ]);
  const settings = resolveCommon(options);
  const connectTimeoutMs = readMs('connectTimeoutMs', options.connectTimeoutMs, 600_000);
  return {
    ...settings,
    routes: createRouteTable(options.routes, connectTimeoutMs),
    timeouts: {
      connectTimeoutMs,
      responseTimeoutMs: readMs('responseTimeoutMs', options.responseTimeoutMs, 600_000),
      idleTimeoutMs: readMs('idleTimeoutMs', options.idleTimeoutMs, 3_600_000),
    },
  };
}

function readMs(name: keyof ForwardTimeouts, value: number | undefined, max: number): number {
  return wholeNumber(name, value, { min: 1, max, fallback: FORWARD_TIMEOUTS[name] });
}

function resolveCommon(options: CommonGatewayOptions): GatewaySettings {
  const keys = options.keys === undefined ? keyRingFromEnv() : toKeyRing('keys', options.keys);
  if (keys === undefined) {
    throw new ConfigurationError(
      'keys',
      'is missing, and so are JWT_KEYS_FILE and JWT_SECRET_KEY: a gateway needs the keys that tokens are signed with.',
    );
  }
  const name =
    options.name === undefined ? (readServiceName(process.env) ?? 'gateway') : checkServiceName('name', options.name);
  const assertionKeys = readAssertionRing(options.assertionKeys, keys);
  return {
    name,
    tokens: createTokenChecker({
      keys,
      issuers: undefined,
      // Judged per route: a token may name the gateway or the service behind the path.
      audiences: null,
      clockToleranceSeconds: readClockTolerance(options.clockToleranceSeconds),
      maxLifetimeSeconds: Number.POSITIVE_INFINITY,
      requiredClaims: [],
      revocations: readRevocations(options.revocations),
      cacheSize: readCacheSize(options.cacheSize),
    }),
    voucher: createVoucher(name, assertionKeys),
    isPublic: publicEntries(options.public === undefined ? [] : options.public),
    forwardAuthorization: readFlag('forwardAuthorization', options.forwardAuthorization, false),
    logger: readLogger(options.logger),
  };
}

function readAssertionRing(given: KeysInput | undefined, tokenKeys: KeyRing): ReturnType<typeof assertionKeysFromRing> {
  const ring = given === undefined ? tokenKeys : toKeyRing('assertionKeys', given);
  if (given !== undefined)
    checkNoKeyOfTokens(
      'assertionKeys',
      ring.snapshot().keys.map(({ key }) => key),
      tokenKeys.snapshot().keys,
    );
  // Not any key that may: this one has to be there when the others are dropped.
  if (!currentMayVouch(ring.snapshot(), given !== undefined)) {
    throw new ConfigurationError(
      'assertionKeys',
      given === undefined
        ? 'is needed, as the current key in keys is no shared secret: give the gateway a key pair (or a secret) of its own.'
        : 'has no current key that may sign.',
    );
  }
  return assertionKeysFromRing(ring, given !== undefined);
}
