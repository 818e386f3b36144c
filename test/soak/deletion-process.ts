/** An orchestrator in a process of its own, so that the memory that is measured is its own. */
import { setTimeout as pause } from 'node:timers/promises';
import { createServiceClient, createTenantDeletion, type DeletionReport, fileLedger } from '../../lib/client/index.js';

/** What it is told at its start. */
export interface DeletionProcessOptions {
  readonly token: string;
  readonly directory: string;
  readonly services: readonly { readonly name: string; readonly url: string }[];
  readonly timeoutMs: number;
  /** How many tenants are deleted at once. */
  readonly atOnce: number;
}

/** What it says of some tenants. */
export interface DeletedTenants {
  readonly reports: readonly DeletionReport[];
  readonly sessions: number;
  /** What it holds afterwards, in bytes. */
  readonly heap: number;
  readonly sockets: number;
  readonly warnings: number;
}

/** How often a run is resumed at most. */
const MAX_SESSIONS = 20;

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const { token, directory, services, timeoutMs, atOnce } = JSON.parse(process.argv[2] ?? '{}') as DeletionProcessOptions;

let warnings = 0;
// A newer Node's deprecations are no leak; MaxListenersExceededWarning is one.
process.on('warning', ({ name }) => (warnings += name === 'DeprecationWarning' ? 0 : 1));

const client = createServiceClient(token, { timeoutMs, circuitBreaker: false, logger: silent });
const deletion = createTenantDeletion({ client, services, ledger: fileLedger(directory), logger: silent });

/** Looks, deletes, and resumes until it is done. */
async function deleteTenant(tenant: string): Promise<{ readonly report: DeletionReport; readonly sessions: number }> {
  const { previewId } = await deletion.preview(tenant);
  // A preview that a restart leaves without an answer is no reason not to begin.
  let report = await deletion.run(tenant, { previewId, requestedBy: 'a test' });
  let sessions = 1;
  for (; report.state !== 'complete' && sessions < MAX_SESSIONS; sessions++) {
    report = await deletion.resume(report.runId, { requestedBy: 'a test' });
  }
  return { report, sessions };
}

async function deleteTenants(tenants: readonly string[]): Promise<DeletedTenants> {
  const waiting = [...tenants];
  const reports: DeletionReport[] = [];
  let sessions = 0;
  const one = async (): Promise<void> => {
    for (let tenant = waiting.shift(); tenant !== undefined; tenant = waiting.shift()) {
      const deleted = await deleteTenant(tenant);
      reports.push(deleted.report);
      sessions += deleted.sessions;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await pause(10);
  }
  const { heapUsed, external } = process.memoryUsage();
  const sockets = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  return { reports, sessions, heap: heapUsed + external, sockets, warnings };
}

process.on('message', (tenants) => {
  void deleteTenants(tenants as readonly string[]).then((deleted) => process.send?.(deleted));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
