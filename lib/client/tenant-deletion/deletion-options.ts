import { hostname, userInfo } from 'node:os';
import { ConfigurationError } from '../../shared/errors.js';
import { readClientLogger } from '../../shared/late-logger.js';
import type { Logger } from '../../shared/logger.js';
import { checkOptionNames, describe, ownOptions, readFlag, wholeNumber } from '../../shared/options.js';
import { redactText } from '../../shared/redact.js';
import { MAX_TIMER_MS } from '../../shared/seconds.js';
import { checkServiceName } from '../../shared/services.js';
import type { ServiceClient } from '../service-client.js';
import { defaultLedger } from './ledger/default-ledger.js';
import type { DeletionLedger } from './ledger/deletion-ledger.js';
import { checkOrder } from './service-order.js';

/** A service that holds data of tenants. */
export interface TenantDataService {
  /** Its name, such as `orders-service`. */
  readonly name: string;
  /**
   * Where its tenant endpoints begin, such as `http://orders-service:8000/api/v1/orders`: it is asked at `<url>/tenant/<id>` and
   * `<url>/tenant/<id>/deletion-preview`.
   */
  readonly url: string;
  /** The services that must be done before this one is asked. Default: none. */
  readonly after?: readonly string[] | undefined;
}

/** Options of {@link createTenantDeletion}. */
export interface CreateTenantDeletionOptions {
  /** Sends the requests. Where all of them pass one gateway, give it `circuitBreaker: false`: one sick service would stop all. */
  readonly client: ServiceClient;
  /** Every service that holds data of tenants. */
  readonly services: readonly TenantDataService[];
  /**
   * Where every run is written down. Default: Redis where `REDIS_URL` is set, else files in `deletions` of the directory that
   * `SERVICE_AUTH_DIR` names, else of `.service-auth`.
   */
  readonly ledger?: DeletionLedger | undefined;
  /** How many requests are under way at once. Default: 8. */
  readonly concurrency?: number | undefined;
  /** How long a run, or a preview, may take, in ms: then what is under way is broken off. Default: 900,000 (15 minutes). */
  readonly deadlineMs?: number | undefined;
  /**
   * How often a service is asked in one session of a run for failures that may pass, 1 to 100, with growing waits between. The client
   * may send each of these more than once. Default: 6.
   */
  readonly maxAttempts?: number | undefined;
  /** A run whose preview has more records than this is refused. Default: no bound. */
  readonly maxRecords?: number | undefined;
  /** Told of each run and outcome. Default: the process's logger of this package. */
  readonly logger?: Logger | undefined;
}

/** Options of a run. */
export interface RunDeletionOptions extends ResumeDeletionOptions {
  /** The preview that was looked at: not older than an hour, of the same services, and used for no other run. */
  readonly previewId?: string | undefined;
  /** Deletes what nobody has looked at. Default: false. */
  readonly dangerouslyWithoutPreview?: boolean | undefined;
  /** Goes before the `maxRecords` of all runs. */
  readonly maxRecords?: number | undefined;
}

/** Options of a run that is gone on with. */
export interface ResumeDeletionOptions {
  /** Who wants it, for the report; at most 200 characters. Default: user and host name of this process. */
  readonly requestedBy?: string | undefined;
  /** The kill switch: nothing more is asked, calls in flight are waited for. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of {@link createTenantDeletion}, settled. */
export interface DeletionSettings {
  readonly client: ServiceClient;
  /** By name, in the order in which they were given. */
  readonly services: ReadonlyMap<string, TenantDataService>;
  readonly ledger: DeletionLedger;
  readonly concurrency: number;
  readonly deadlineMs: number;
  readonly maxAttempts: number;
  readonly maxRecords: number | undefined;
  readonly logger: Logger;
}

/** The names of {@link CreateTenantDeletionOptions}. */
export const DELETION_OPTIONS: readonly (keyof CreateTenantDeletionOptions)[] = [
  'client',
  'services',
  'ledger',
  'concurrency',
  'deadlineMs',
  'maxAttempts',
  'maxRecords',
  'logger',
];

/**
 * Settles the options, once.
 *
 * @throws ConfigurationError where one is unknown or wrong
 */
export function settleDeletionOptions(given: CreateTenantDeletionOptions): DeletionSettings {
  const options = ownOptions('createTenantDeletion', given, DELETION_OPTIONS);
  const time = { min: 1, max: MAX_TIMER_MS, fallback: 900_000 };
  return {
    client: readClient(options.client),
    services: readServices(options.services),
    ledger: readLedger(options.ledger),
    concurrency: wholeNumber('concurrency', options.concurrency, { min: 1, max: 1000, fallback: 8 }),
    deadlineMs: wholeNumber('deadlineMs', options.deadlineMs, time),
    maxAttempts: wholeNumber('maxAttempts', options.maxAttempts, { min: 1, max: 100, fallback: 6 }),
    maxRecords: readMaxRecords(options.maxRecords),
    logger: readClientLogger(options.logger),
  };
}

/** The options of a run, settled. */
export interface RunSettings {
  readonly previewId: string | undefined;
  readonly isBlind: boolean;
  readonly maxRecords: number | undefined;
  readonly requestedBy: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Settles the options of a run.
 *
 * @throws ConfigurationError where one is unknown or wrong
 */
export function settleRunOptions(given: RunDeletionOptions): RunSettings {
  const options = ownOptions('run', given, [
    'previewId',
    'dangerouslyWithoutPreview',
    'maxRecords',
    'requestedBy',
    'signal',
  ]);
  const { previewId } = options;
  if (previewId !== undefined && (typeof previewId !== 'string' || previewId === '')) {
    throw new ConfigurationError('previewId', `must be what preview() gave, not ${describe(previewId)}.`);
  }
  return {
    previewId,
    isBlind: readFlag('dangerouslyWithoutPreview', options.dangerouslyWithoutPreview, false),
    maxRecords: readMaxRecords(options.maxRecords),
    ...settleCommon(options),
  };
}

/** @throws ConfigurationError where an option is unknown or wrong */
export function settleResumeOptions(given: ResumeDeletionOptions): Pick<RunSettings, 'requestedBy' | 'signal'> {
  return settleCommon(ownOptions('resume', given, ['requestedBy', 'signal']));
}

function settleCommon(options: ResumeDeletionOptions): Pick<RunSettings, 'requestedBy' | 'signal'> {
  const { requestedBy = thisUser() } = options;
  if (typeof requestedBy !== 'string' || !/^[^\p{Cc}\p{Cs}]{1,200}$/u.test(requestedBy)) {
    throw new ConfigurationError('requestedBy', 'must be a text of 1 to 200 characters without control characters.');
  }
  // The ledger keeps it, and the report shows it.
  if (redactText(requestedBy) !== requestedBy)
    throw new ConfigurationError('requestedBy', 'holds what may be a secret.');
  return { requestedBy, signal: readSignal(options.signal) };
}

/**
 * Reads the option `signal`.
 *
 * @throws ConfigurationError where it is none
 */
export function readSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new ConfigurationError('signal', `must be an AbortSignal, not ${describe(signal)}.`);
}

function thisUser(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // In a container a process may run as a user without a name.
    return `uid ${String(process.getuid?.())}@${hostname()}`;
  }
}

function readClient(client: unknown): ServiceClient {
  const { request, events } = Object(client) as { readonly request?: unknown; readonly events?: unknown };
  const { on, off } = Object(events) as { readonly on?: unknown; readonly off?: unknown };
  if ([request, on, off].every((method) => typeof method === 'function')) return client as ServiceClient;
  throw new ConfigurationError('client', 'must be what createServiceClient() makes.');
}

function readLedger(ledger: unknown): DeletionLedger {
  if (ledger === undefined) return defaultLedger();
  const methods = Object(ledger) as Readonly<Record<string, unknown>>;
  if (['append', 'read', 'close'].every((name) => typeof methods[name] === 'function')) return ledger as DeletionLedger;
  throw new ConfigurationError('ledger', 'must be a DeletionLedger, such as fileLedger(directory) makes.');
}

function readMaxRecords(maxRecords: number | undefined): number | undefined {
  if (maxRecords === undefined) return undefined;
  return wholeNumber('maxRecords', maxRecords, { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 0 });
}

function readServices(services: unknown): ReadonlyMap<string, TenantDataService> {
  if (!Array.isArray(services) || services.length === 0) {
    throw new ConfigurationError(
      'services',
      "must be a list of services: [{ name: 'orders-service', url: 'http://orders-service:8000/api/v1/orders' }].",
    );
  }
  const byName = new Map<string, TenantDataService>();
  for (const [index, entry] of (services as readonly unknown[]).entries()) {
    const service = readService(`services[${String(index)}]`, entry);
    if (byName.has(service.name)) throw new ConfigurationError('services', `names ${service.name} twice.`);
    byName.set(service.name, service);
  }
  checkOrder([...byName.values()]);
  return byName;
}

function readService(place: string, entry: unknown): TenantDataService {
  checkOptionNames(place, entry, ['name', 'url', 'after']);
  const { name, url, after } = entry as Readonly<Record<string, unknown>>;
  return Object.freeze({
    name: checkServiceName(`name of ${place}`, name),
    url: readUrl(`url of ${place}`, url),
    ...(after !== undefined && { after: readNames(`after of ${place}`, after) }),
  });
}

function readUrl(setting: string, given: unknown): string {
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : undefined;
  // An empty query, too, would swallow the path that follows.
  const isPlain = url !== undefined && !/[?#]/.test(url.href) && url.username === '' && url.password === '';
  if (!isPlain || !['http:', 'https:'].includes(url.protocol)) {
    throw new ConfigurationError(
      setting,
      'must be where its tenant endpoints begin, such as http://orders-service:8000/api/v1/orders, without user name and query.',
    );
  }
  return url.href.replace(/\/+$/, '');
}

function readNames(setting: string, names: unknown): readonly string[] {
  if (!Array.isArray(names)) {
    throw new ConfigurationError(setting, `must be a list of service names, not ${describe(names)}.`);
  }
  return Object.freeze((names as readonly unknown[]).map((name) => checkServiceName(setting, name)));
}
