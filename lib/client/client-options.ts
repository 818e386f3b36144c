import { EventEmitter } from 'node:events';
import { ConfigurationError } from '../shared/errors.js';
import { lateLogger, readClientLogger } from '../shared/late-logger.js';
import type { Logger } from '../shared/logger.js';
import { describe, ownOptions, readFlag, wholeNumber } from '../shared/options.js';
import { MAX_TIMER_MS } from '../shared/seconds.js';
import { checkServiceName } from '../shared/services.js';
import { agentsFor } from './target/agents.js';
import type { ClientCore } from './client-core.js';
import { createTeller } from './client-events.js';
import { warnBeforeExpiry } from './tokens/expiry-warning.js';
import { createOriginPolicy } from './target/origin-policy.js';
import { readTokenSource } from './tokens/read-token-source.js';
import { tokenKeeperOf } from './tokens/token-keeper.js';
import type { TokenSource } from './tokens/token-source.js';

const TEN_MB = 10 * 1024 * 1024;

/** Options of {@link createServiceClient}. */
export interface CreateServiceClientOptions {
  /**
   * Where requests go, such as `http://orders-service:8000`; the token may then go to this origin, and to `allowedOrigins`.
   * A path in it is no boundary: `..` leaves it. Default: none; every request names its URL.
   */
  readonly baseURL?: string | undefined;
  /**
   * Origins that the token may go to, beside the one of `baseURL`, such as `https://api.example.com`. Default: none; and without a
   * `baseURL` either, loopback, private addresses and names of the cluster (`orders-service`, `….svc`, `….svc.cluster.local`,
   * `….internal`), but nothing that is link-local, as the metadata services of clouds are.
   */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Allows plain http to hosts outside of the cluster, where everybody on the way can read the token. Default: false. */
  readonly dangerouslyAllowPlainHttp?: boolean | undefined;
  /** The name of the service that is called, for errors, events and logs. Default: the first label of the host name. */
  readonly service?: string | undefined;
  /** How long one try may take as a whole, in ms; axios' `timeout` of a request goes first. Default: 10,000. */
  readonly timeoutMs?: number | undefined;
  /** How long a request may take with all its tries, waits and tokens, in ms. Default: 30,000, or `timeoutMs` if that is more. */
  readonly deadlineMs?: number | undefined;
  /**
   * How often a request is sent at most for failures that may pass, the first time included, 1 to 10. Not counted: once more with
   * another token after a 401, and once more where a kept connection turned out to be closed. Default: 3.
   */
  readonly maxTries?: number | undefined;
  /** Whether requests are held back while their origin fails; those of a client without it do not count either. Default: true. */
  readonly circuitBreaker?: boolean | undefined;
  /** The longest answer, decompressed, in bytes; axios' `maxContentLength` of a request goes first. Default: 10 MB. */
  readonly maxResponseBytes?: number | undefined;
  /** The longest body that is sent, in bytes; axios' `maxBodyLength` of a request goes first. Default: 10 MB. */
  readonly maxRequestBytes?: number | undefined;
  /** Where events are told: give several clients one emitter to watch them all. Default: one of its own. */
  readonly events?: EventEmitter | undefined;
  /** Where trouble with the token is reported, and each try at level debug. Default: the process's logger of this package. */
  readonly logger?: Logger | undefined;
}

/** The names of {@link CreateServiceClientOptions}. */
export const CLIENT_OPTIONS: readonly (keyof CreateServiceClientOptions)[] = [
  'baseURL',
  'allowedOrigins',
  'dangerouslyAllowPlainHttp',
  'service',
  'timeoutMs',
  'deadlineMs',
  'maxTries',
  'circuitBreaker',
  'maxResponseBytes',
  'maxRequestBytes',
  'events',
  'logger',
];

/** A client's options, checked, with their defaults. */
export interface SettledClientOptions {
  readonly core: ClientCore;
  /** What axios itself is told. */
  readonly defaults: {
    readonly baseURL: string | undefined;
    readonly timeout: number;
    readonly maxContentLength: number;
    readonly maxBodyLength: number;
  };
}

/**
 * Settles what {@link createServiceClient} was given, once.
 *
 * @throws ConfigurationError where an option is unknown or wrong, or no token can be had
 */
export function settleClientOptions(
  token: string | TokenSource | undefined,
  given: CreateServiceClientOptions,
): SettledClientOptions {
  const options = ownOptions('createServiceClient', given, CLIENT_OPTIONS);
  const { baseURL, allowedOrigins, dangerouslyAllowPlainHttp, service } = options;
  const logger = readClientLogger(options.logger);
  // As it was given: what is read of it is another each time, and has no level.
  const ownLogger = options.logger ?? lateLogger();
  const teller = createTeller(logger, readEmitter(options.events), () => logger.hears('debug'));
  const origins = createOriginPolicy({ baseURL, allowedOrigins, dangerouslyAllowPlainHttp, warn: teller.warn });
  const timeoutMs = wholeNumber('timeoutMs', options.timeoutMs, { min: 1, max: MAX_TIMER_MS, fallback: 10_000 });
  const deadline = { min: 1, max: MAX_TIMER_MS, fallback: Math.max(30_000, timeoutMs) };
  const deadlineMs = wholeNumber('deadlineMs', options.deadlineMs, deadline);
  const bytes = { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: TEN_MB };
  const tokens = tokenKeeperOf(readTokenSource(token, logger));
  let lastSent: string | undefined;
  return {
    core: {
      tokens,
      origins,
      agents: agentsFor(origins.isInClusterOnly),
      teller,
      service: service === undefined ? undefined : checkServiceName('service', service),
      maxTries: wholeNumber('maxTries', options.maxTries, { min: 1, max: 10, fallback: 3 }),
      timeoutMs,
      deadlineMs,
      patienceMs: Math.min(timeoutMs, deadlineMs, 1000),
      usesBreaker: readFlag('circuitBreaker', options.circuitBreaker, true),
      noteToken: (sent, reason) => {
        if (lastSent !== undefined && sent !== lastSent) {
          teller.emit('refresh', { source: tokens.name, reason, isRenewed: true });
        }
        lastSent = sent;
        warnBeforeExpiry(ownLogger, tokens.name, sent);
      },
    },
    defaults: {
      baseURL,
      timeout: timeoutMs,
      maxContentLength: wholeNumber('maxResponseBytes', options.maxResponseBytes, bytes),
      maxBodyLength: wholeNumber('maxRequestBytes', options.maxRequestBytes, bytes),
    },
  };
}

function readEmitter(events: EventEmitter | undefined): EventEmitter | undefined {
  if (events === undefined || events instanceof EventEmitter) return events;
  throw new ConfigurationError('events', `must be an EventEmitter of Node, not ${describe(events)}.`);
}
