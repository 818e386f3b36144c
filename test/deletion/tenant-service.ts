import { randomUUID } from 'node:crypto';

/** What a service does with a request to delete, other than doing it and saying so. */
export const FAULTS = [
  'silent, not done',
  'silent, done',
  'silent, done later',
  'broken off, not done',
  'broken off, done',
  '500, not done',
  '500, half done',
  '500, done',
  '502, done',
  '503, not done',
  '504, not done',
  '404 by an ingress',
  '401',
  '403',
  '409',
  '501',
  'redirect',
  'restarting',
  'done, without counts',
  'accepted',
  'accepted, told without a code',
  'accepted, then forgotten',
  'accepted, then forgotten without a word',
  'accepted, then failed',
  'accepted, then neither failed nor done',
  'accepted, without Location',
  'accepted, without Location, then forgotten',
] as const;

/** One of {@link FAULTS}. */
export type Fault = (typeof FAULTS)[number];

/** A request, as far as a service looks at it. */
export interface TenantRequest {
  readonly method: string;
  /** From `/tenant/` on. */
  readonly path: string;
  readonly idempotencyKey: string | undefined;
  readonly requestId?: string | undefined;
}

/** An answer, as it goes over the wire. */
export interface TenantAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What comes back: an answer, a broken connection, nothing, or no connection comes about. */
export type Reaction = TenantAnswer | 'broken' | 'silent' | 'refused';

/** How a {@link TenantService} is made. */
export interface TenantServiceOptions {
  readonly name: string;
  /** What it does with each request to delete, one after the other; undefined: no fault. Then it is well. */
  readonly script?: readonly (Fault | undefined)[];
  /** Instead of a script: asked at each request to delete. */
  readonly nextFault?: (() => Fault | undefined) | undefined;
  /** Whether it answers a repeated `Idempotency-Key` as it did the first time. Default: true. */
  readonly knowsKeys?: boolean;
  /** How often it has to be looked at before a job is done. Default: 1. */
  readonly looks?: number;
  /** How much later it does what it does late, in ms. Default: 50. */
  readonly lateMs?: number;
}

interface Job {
  readonly tenant: string;
  readonly key: string | undefined;
  readonly ending: 'done' | 'failed' | 'neither' | 'forgotten' | 'lost' | 'code-less';
  looksLeft: number;
}

/** A service that really holds records of tenants, and deletes them as its script says. It knows nothing of HTTP. */
export interface TenantService {
  readonly name: string;
  /** Gives it records of a tenant. */
  hold(tenant: string, records: number): void;
  /** How many records of a tenant it holds. */
  held(tenant: string): number;
  /** Told of every request to delete, before anything comes of it. */
  onDelete: (tenant: string, request: TenantRequest) => void;
  /** The `Idempotency-Key` of every request to delete, by tenant. */
  deletions(tenant: string): readonly (string | undefined)[];
  /** Whether it is at a job that it has told of by a `Location`. */
  isAtIt(tenant: string): boolean;
  /** Says that an answer about a tenant did not arrive. */
  noteLost(tenant: string): void;
  /** Whether all that it did to this tenant was told in an answer with counts. */
  hasToldAll(tenant: string): boolean;
  react(request: TenantRequest): Reaction;
  /** From here on it has no faults. */
  heal(): void;
}

const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): TenantAnswer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(body),
});
const problem = (status: number, code: string): TenantAnswer => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: JSON.stringify({ type: `urn:problem:${code}`, title: code, status, code }),
});
const html = (status: number): TenantAnswer => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<html><body><h1>${status}</h1><hr>nginx</body></html>`,
});

const GONE = problem(404, 'tenant_not_found');

/** Makes one. */
export function createTenantService(options: TenantServiceOptions): TenantService {
  const { name, script = [], knowsKeys = true, looks = 1, lateMs = 50 } = options;
  const records = new Map<string, number>();
  const asked = new Map<string, (string | undefined)[]>();
  const untold = new Set<string>();
  const answers = new Map<string, TenantAnswer>();
  const jobs = new Map<string, Job>();
  // Jobs of which something knows nothing that answers for the service.
  const lost = new Set<string>();
  // Of jobs that no Location tells of.
  const quiet = new Map<string, Job>();
  let step = 0;
  let isWell = false;
  // By tenant; of several, what it was told of last is looked at.
  const lastJobs = new Map<string, string>();
  const nextFault = options.nextFault ?? ((): Fault | undefined => script[step++]);

  /** Deletes, once for each key as long as the service remembers it. */
  const erase = (tenant: string, key: string | undefined): TenantAnswer => {
    const before = key === undefined ? undefined : answers.get(key);
    if (before !== undefined) return before;
    const count = records.get(tenant) ?? 0;
    if (count === 0) return GONE;
    records.delete(tenant);
    const answer = json(200, { tenant_id: tenant, deleted: { rows: count }, total: count });
    if (knowsKeys && key !== undefined) answers.set(key, answer);
    return answer;
  };
  const eraseUntold = (tenant: string, key: string | undefined): void => {
    if ((records.get(tenant) ?? 0) > 0) untold.add(tenant);
    erase(tenant, key);
  };
  const accept = (tenant: string, key: string | undefined, ending: Job['ending']): TenantAnswer => {
    const id = randomUUID();
    lastJobs.set(tenant, id);
    jobs.set(id, { tenant, key, ending, looksLeft: looks });
    return json(202, { status: 'pending' }, { location: `/tenant/${encodeURIComponent(tenant)}/jobs/${id}` });
  };

  const onDelete = (tenant: string, key: string | undefined): Reaction => {
    const fault = isWell ? undefined : nextFault();
    switch (fault) {
      case undefined:
        return erase(tenant, key);
      case 'silent, not done':
        return 'silent';
      case 'silent, done':
        eraseUntold(tenant, key);
        return 'silent';
      case 'silent, done later':
        setTimeout(() => {
          eraseUntold(tenant, key);
        }, lateMs);
        return 'silent';
      case 'broken off, not done':
        return 'broken';
      case 'broken off, done':
        eraseUntold(tenant, key);
        return 'broken';
      case '500, half done':
        if ((records.get(tenant) ?? 0) > 1) {
          untold.add(tenant);
          records.set(tenant, Math.ceil((records.get(tenant) ?? 0) / 2));
        }
        return problem(500, 'internal_error');
      case '500, done':
        eraseUntold(tenant, key);
        return problem(500, 'internal_error');
      case '502, done':
        eraseUntold(tenant, key);
        return html(502);
      case '500, not done':
        return problem(500, 'internal_error');
      case '503, not done':
        return html(503);
      case '504, not done':
        return html(504);
      case '404 by an ingress':
        return html(404);
      case '401':
        return problem(401, 'token_expired');
      case '403':
        return problem(403, 'not_allowed');
      case '409':
        return problem(409, 'in_progress');
      case '501':
        return html(501);
      case 'redirect':
        return { status: 302, headers: { location: '/login', 'content-type': 'text/html' }, body: '' };
      case 'restarting':
        answers.clear();
        jobs.clear();
        quiet.clear();
        return 'refused';
      case 'done, without counts': {
        if (erase(tenant, key) === GONE) return GONE;
        untold.add(tenant);
        return { status: 204, headers: {}, body: '' };
      }
      case 'accepted':
        return accept(tenant, key, 'done');
      case 'accepted, told without a code':
        return accept(tenant, key, 'code-less');
      case 'accepted, then forgotten':
        return accept(tenant, key, 'forgotten');
      case 'accepted, then forgotten without a word':
        return accept(tenant, key, 'lost');
      case 'accepted, then failed':
        return accept(tenant, key, 'failed');
      case 'accepted, then neither failed nor done':
        return accept(tenant, key, 'neither');
      case 'accepted, without Location':
        quiet.set(tenant, { tenant, key, ending: 'done', looksLeft: looks });
        return json(202, { status: 'pending' });
      case 'accepted, without Location, then forgotten':
        return json(202, { status: 'pending' });
    }
  };
  const onJob = (id: string): TenantAnswer => {
    const job = jobs.get(id);
    if (job === undefined) return lost.has(id) ? html(404) : problem(404, 'job_not_found');
    if (job.looksLeft-- > 0) return job.ending === 'done' ? json(202, {}) : json(200, { status: 'running' });
    jobs.delete(id);
    if (job.ending === 'lost') {
      lost.add(id);
      return html(404);
    }
    if (job.ending === 'forgotten') return problem(404, 'job_not_found');
    if (job.ending === 'neither') return json(200, { status: 'on hold' });
    if (job.ending === 'failed') return json(200, { status: 'failed' });
    const answer = erase(job.tenant, job.key);
    if (job.ending === 'done') return answer;
    if (answer !== GONE) untold.add(job.tenant);
    return json(200, { status: 'completed' });
  };
  const onPreview = (tenant: string): TenantAnswer => {
    const job = quiet.get(tenant);
    if (job !== undefined && job.looksLeft-- <= 0) {
      eraseUntold(tenant, job.key);
      quiet.delete(tenant);
    }
    const count = records.get(tenant) ?? 0;
    return count === 0 ? GONE : json(200, { tenant_id: tenant, counts: { rows: count }, total: count });
  };

  const service: TenantService = {
    name,
    hold: (tenant, count) => void records.set(tenant, count),
    held: (tenant) => records.get(tenant) ?? 0,
    onDelete: () => undefined,
    deletions: (tenant) => asked.get(tenant) ?? [],
    isAtIt: (tenant) => jobs.has(lastJobs.get(tenant) ?? ''),
    noteLost: (tenant) => void untold.add(tenant),
    hasToldAll: (tenant) => !untold.has(tenant),
    react(request) {
      const { method, path, idempotencyKey } = request;
      const { tenant, rest } = partsOf(path);
      if (method === 'DELETE' && rest === undefined) {
        service.onDelete(tenant, request);
        lastJobs.delete(tenant);
        asked.set(tenant, [...(asked.get(tenant) ?? []), idempotencyKey]);
        return onDelete(tenant, idempotencyKey);
      }
      if (rest === 'deletion-preview') return onPreview(tenant);
      return rest?.startsWith('jobs/') === true ? onJob(rest.slice(5)) : html(404);
    },
    heal: () => void (isWell = true),
  };
  return service;
}

/** What a path names, from `/tenant/` on. */
export function partsOf(path: string): { readonly tenant: string; readonly rest: string | undefined } {
  const [, encoded = '', rest] = /^\/tenant\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
  return { tenant: decodeURIComponent(encoded), rest };
}
