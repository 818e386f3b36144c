import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { opaqueToken } from '../client/support.js';
import { type FaultyService, startFaultyService, watchDeletions } from '../deletion/faulty-service.js';
import { createTenantService, type Fault, FAULTS } from '../deletion/tenant-service.js';
import type { DeletedTenants, DeletionProcessOptions } from './deletion-process.js';

/** How many services a tenant is deleted from. */
export const SERVICES = 12;
/** How many requests to delete meet a fault. */
export const FAULT_RATE = 0.1;
/** How often a job has to be looked at before it is done. */
const LOOKS = 1;
/** Longer than a service stands still on a busy machine: a request that it sees after its client gave up has no open intention. */
const TIMEOUT_MS = 5000;
const AT_ONCE = 24;
const RECORDS = 3;

// After these, looks that tell nothing go on for more than a minute before the service is asked again.
const SLOW: ReadonlySet<Fault> = new Set([
  'accepted, without Location',
  'accepted, without Location, then forgotten',
  'accepted, then forgotten without a word',
]);
const SOON = FAULTS.filter((fault) => !SLOW.has(fault));

/** What was seen of some tenants. */
export interface DeletionsResult {
  readonly tenants: number;
  /** Requests to delete, since the beginning. */
  readonly deletes: number;
  /** All others: previews, and looks at jobs. */
  readonly gets: number;
  /** Requests that met a fault since the beginning, or a restart that was another's fault. */
  readonly faults: number;
  /** Runs and resumptions that it took. */
  readonly sessions: number;
  /** In the orchestrator, after a garbage collection, in bytes. */
  readonly heap: number;
  readonly sockets: number;
  readonly complaints: readonly string[];
}

/**
 * Has an orchestrator delete tenants in twelve services that one request in ten meets a fault of, over a ledger of files.
 *
 * @param batches - how many tenants there are in each part
 * @param onResult - told after each part
 */
export async function deleteManyTenants(
  batches: readonly number[],
  onResult?: (result: DeletionsResult) => void,
): Promise<readonly DeletionsResult[]> {
  const directory = mkdtempSync(join(tmpdir(), 'service-auth-deletions-'));
  const never: string[] = [];
  let faults = 0;
  const nextFault = (): Fault | undefined => {
    if (Math.random() >= FAULT_RATE) return undefined;
    faults++;
    return SOON[Math.floor(Math.random() * SOON.length)];
  };
  const services = await Promise.all(
    Array.from({ length: SERVICES }, (_, i) => {
      const service = createTenantService({ name: `service-${i}`, nextFault, looks: LOOKS });
      watchDeletions(service, directory, (what) => never.push(what));
      return startFaultyService(service);
    }),
  );
  const orchestrator = await startOrchestrator({
    token: opaqueToken(),
    directory,
    services: services.map(({ service, url }) => ({ name: service.name, url })),
    timeoutMs: TIMEOUT_MS,
    atOnce: AT_ONCE,
  });
  const results: DeletionsResult[] = [];
  let before = 0;
  try {
    for (const count of batches) {
      const tenants = Array.from({ length: count }, (_, i) => `tenant-${before + i}`);
      before += count;
      for (const { service } of services) for (const tenant of tenants) service.hold(tenant, RECORDS);
      const told = await orchestrator.deleteTenants(tenants);
      const sum = (method: string): number => services.reduce((all, { requests }) => all + (requests[method] ?? 0), 0);
      const result = {
        tenants: count,
        deletes: sum('DELETE'),
        gets: sum('GET'),
        faults: services.reduce((all, { cutOff }) => all + cutOff(), faults),
        sessions: told.sessions,
        heap: told.heap,
        sockets: told.sockets,
      };
      const complaints = [
        ...new Set(never.splice(0)),
        ...untruths(told, tenants, services),
        ...(told.warnings === 0 ? [] : [`${told.warnings} warnings`]),
        ...budgetComplaints(result, before),
      ];
      results.push({ ...result, complaints });
      onResult?.({ ...result, complaints });
    }
  } finally {
    await orchestrator.stop();
    await Promise.all(services.map((service) => service.close()));
    rmSync(directory, { recursive: true });
  }
  return results;
}

/** Whether the requests are within their budget. `tenants`: since the beginning. */
export function budgetComplaints(
  { deletes, gets, faults }: Pick<DeletionsResult, 'deletes' | 'gets' | 'faults'>,
  tenants: number,
): readonly string[] {
  const once = tenants * SERVICES;
  // Whoever meets a fault is asked once more for it, whatever the fault is; nobody else is asked twice.
  const mostDeletes = once + faults;
  // Each is asked once what it holds. A fault may be a job: `LOOKS` times it is not done, the next time it is. A look, or a preview, whose
  // answer a restart cuts off is a fault, and is sent once more.
  const mostGets = once + faults * (LOOKS + 1);
  return [
    ...(deletes <= mostDeletes ? [] : [`${deletes} requests to delete, ${mostDeletes} at most expected`]),
    ...(gets <= mostGets ? [] : [`${gets} other requests, ${mostGets} at most expected`]),
  ];
}

// 5 KB for each of 800 tenants: less than what the ledger has of one.
const MOST_GROWTH = 4_000_000;

/** Whether memory is flat: what is held after the last tenants is what was held after the first. */
export function heapComplaints(results: readonly Pick<DeletionsResult, 'heap'>[]): readonly string[] {
  const growth = (results.at(-1)?.heap ?? 0) - (results[0]?.heap ?? 0);
  return growth < MOST_GROWTH ? [] : [`${growth} bytes of heap more than after the first tenants`];
}

function untruths(
  { reports }: DeletedTenants,
  tenants: readonly string[],
  services: readonly FaultyService[],
): readonly string[] {
  const wrong: string[] = [];
  if (reports.length !== tenants.length) wrong.push(`${reports.length} reports of ${tenants.length} tenants`);
  for (const report of reports) {
    const { tenantId, state } = report;
    if (state !== 'complete') wrong.push(`${tenantId} is ${state}`);
    for (const [index, { service }] of services.entries()) {
      const { status, total = 0 } = report.services[index] ?? {};
      if (status !== 'deleted') wrong.push(`${tenantId} in ${service.name} is ${String(status)}`);
      if (service.held(tenantId) > 0) wrong.push(`${tenantId} in ${service.name} is still there`);
      const isTold = service.hasToldAll(tenantId) ? total === RECORDS : total <= RECORDS;
      if (!isTold) wrong.push(`${tenantId} in ${service.name}: ${total} of ${RECORDS} records`);
    }
  }
  return wrong;
}

interface Orchestrator {
  readonly deleteTenants: (tenants: readonly string[]) => Promise<DeletedTenants>;
  readonly stop: () => Promise<void>;
}

async function startOrchestrator(options: DeletionProcessOptions): Promise<Orchestrator> {
  const { REDIS_URL: _, ...env } = process.env;
  const child: ChildProcess = fork(join(import.meta.dirname, 'deletion-process.ts'), [JSON.stringify(options)], {
    execArgv: ['--expose-gc', '--disable-warning=DEP0205', '--import', import.meta.resolve('ts-blank-space/register')],
    env,
  });
  const ended = once(child, 'exit');
  const told = async (): Promise<unknown> =>
    Promise.race([
      once(child, 'message').then(([message]) => message as unknown),
      ended.then(([code]) => {
        throw new Error(`the orchestrator has ended with ${String(code)}`);
      }),
    ]);
  await told();
  return {
    async deleteTenants(tenants) {
      child.send(tenants);
      return (await told()) as DeletedTenants;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
