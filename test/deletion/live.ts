import { expect } from 'chai';
import {
  createTenantDeletion,
  type DeletionReport,
  type DeletionRun,
  isTenantDeletionError,
  type TenantDeletion,
} from '../../lib/client/index.js';
import { logOf } from '../../lib/client/tenant-deletion/ledger/tenant-log.js';
import type { History, Process } from './any-history.js';
import { failingLedger, type FailingLedger, type Store } from './failing-ledger.js';
import { readService } from './ledger-lines.js';
import { simulatedClient } from './simulated-client.js';
import { createTenantService, type TenantRequest, type TenantService } from './tenant-service.js';

const TENANT = 'a tenant, 7';

/** What came of a history: for counting what the histories went through. */
export interface Lived {
  readonly deaths: number;
  readonly sent: number;
  readonly refusals: readonly string[];
  readonly states: readonly string[];
}

interface World {
  readonly store: Store;
  readonly services: readonly TenantService[];
  readonly urls: readonly { readonly name: string; readonly url: string; readonly after?: readonly string[] }[];
  readonly records: readonly number[];
  readonly faults: string[];
  /** Whether it fails or hangs for one of the processes. */
  readonly isLedgerFailing: boolean;
  readonly deadHolders: Set<string>;
  readonly refusals: string[];
  readonly states: string[];
  deaths: number;
}

// What an orchestrator may say where another one is, or was. Whatever else it says is a bug.
const FAIR: ReadonlySet<string> = new Set(['run_in_progress', 'run_unfinished', 'preview_used']);
// And where a ledger fails, or hangs.
const FAIR_WITHOUT_LEDGER: ReadonlySet<string> = new Set(['ledger_taken_over', 'ledger_unavailable']);

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Lives a history through, and checks what holds in every one. */
export async function live(history: History, store: Store): Promise<Lived> {
  const world = createWorld(history, store);
  for (const processes of history.sessions) {
    await Promise.all(processes.map((one) => work(world, one, history.withPreview)));
    if (world.faults.length > 0) break;
  }
  expect(world.faults.join('; '), 'what must never be').to.equal('');
  await end(world);
  const sent = world.services.reduce((sum, service) => sum + service.deletions(TENANT).length, 0);
  return { deaths: world.deaths, sent, refusals: world.refusals, states: world.states };
}

function createWorld(history: History, store: Store): World {
  const first = history.services.flatMap(({ isLast }, i) => (isLast ? [] : [nameOf(i)]));
  const services = history.services.map(({ records, script, knowsKeys, looks }, i) => {
    const service = createTenantService({ name: nameOf(i), script, knowsKeys, looks, lateMs: 7000 });
    service.hold(TENANT, records);
    return service;
  });
  const world: World = {
    store,
    services,
    urls: history.services.map(({ isLast }, i) => ({
      name: nameOf(i),
      url: `http://${nameOf(i)}:8000`,
      ...(isLast && { after: first }),
    })),
    records: history.services.map(({ records }) => records),
    faults: [],
    isLedgerFailing: history.sessions.flat().some(({ mishaps }) => mishaps.some(({ what }) => what !== 'death')),
    deadHolders: new Set(),
    refusals: [],
    states: [],
    deaths: 0,
  };
  for (const service of services) {
    service.onDelete = (_tenant, request) => {
      checkSent(world, service.name, request);
    };
  }
  return world;
}

function nameOf(index: number): string {
  return `service-${index}`;
}

function linesOf({ store }: World): readonly string[] {
  return store.lines(logOf(TENANT));
}

/** Whatever is sent stands in the ledger as an intention, and nothing is sent after it is known to be done. One key for each run. */
function checkSent(world: World, name: string, { idempotencyKey = '' }: TenantRequest): void {
  const [runId = ''] = idempotencyKey.split('.');
  if (idempotencyKey !== `${runId}.${name}`) world.faults.push(`${name} was asked with the key ${idempotencyKey}`);
  const lines = linesOf(world);
  const { isDone, isOpen, isAfterRefusal, isAfterAcceptance } = readService(lines, runId, name);
  if (isDone) world.faults.push(`${name} was asked after it was known to be done`);
  else if (!isOpen) world.faults.push(`${name} was asked without an intention in the ledger`);
  const isAtIt = world.services.find((service) => service.name === name)?.isAtIt(TENANT) === true;
  if (isAfterAcceptance && isAtIt) world.faults.push(`${name} was asked again for what it has accepted and is at`);
  if (isAfterRefusal) world.faults.push(`${name} was asked after another had refused`);
  for (const before of world.urls.find((one) => one.name === name)?.after ?? []) {
    if (!readService(lines, runId, before).isDone) world.faults.push(`${name} was asked before ${before} was done`);
  }
}

/** One process: it previews and runs, or resumes what the ledger has, and may die of its mishaps. */
async function work(world: World, process: Process, withPreview: boolean): Promise<void> {
  await pause(process.startMs);
  let isDead = false;
  let onDeath: () => void = () => undefined;
  const death = new Promise<undefined>((resolve) => {
    onDeath = () => {
      resolve(undefined);
    };
  });
  const ledger: FailingLedger = failingLedger(
    world.store,
    process.mishaps,
    {
      isAlive: () => !isDead,
      die() {
        isDead = true;
        onDeath();
      },
    },
    (holder) => world.deadHolders.has(holder),
  );
  const { promise: killed, cancel: spare } = after(process.diesMs, () => {
    isDead = true;
    onDeath();
  });
  const abort = new AbortController();
  const switched = after(process.abortMs, () => {
    abort.abort();
  });
  const begun = new Set<string | undefined>();
  const deletion = orchestrator(
    world,
    process,
    ledger,
    () => !isDead,
    ({ method, requestId }) => {
      // What is under way may be tried again.
      if (method === 'DELETE' && abort.signal.aborted && !begun.has(requestId)) {
        world.faults.push('somebody was asked after the kill switch was used');
      }
      begun.add(requestId);
    },
  );
  try {
    const work = follow(world, () => go(deletion, withPreview, abort.signal));
    await Promise.race([work, death, killed.then(() => death)]);
  } catch (error) {
    if (!isFair(world, error)) throw error;
    world.refusals.push(error instanceof Error && isTenantDeletionError(error) ? error.code : 'ledger error');
  } finally {
    spare();
    switched.cancel();
    if (isDead as boolean) {
      world.deaths++;
      if (process.isSeenDead) for (const holder of ledger.holders) world.deadHolders.add(holder);
    }
  }
}

function isFair({ isLedgerFailing }: World, error: unknown): boolean {
  // The ledger's own failure comes as it is.
  if (!isTenantDeletionError(error)) return error instanceof Error && error.message === 'no space left';
  return FAIR.has(error.code) || (isLedgerFailing && FAIR_WITHOUT_LEDGER.has(error.code));
}

function after(
  ms: number | undefined,
  act: () => void,
): { readonly promise: Promise<void>; readonly cancel: () => void } {
  if (ms === undefined) return { promise: new Promise(() => undefined), cancel: () => undefined };
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      act();
      resolve();
    }, ms);
  });
  return {
    promise,
    cancel: () => {
      clearTimeout(timer);
    },
  };
}

function orchestrator(
  world: World,
  {
    maxAttempts,
    maxTries,
    concurrency,
    deadlineMs,
  }: Omit<Process, 'mishaps' | 'startMs' | 'diesMs' | 'abortMs' | 'isSeenDead'>,
  ledger: FailingLedger,
  isAlive: () => boolean,
  onSend: (request: TenantRequest) => void = () => undefined,
): TenantDeletion {
  const client = simulatedClient({
    send(url, request) {
      onSend(request);
      const service = world.services.find(({ name }) => name === url.hostname);
      return service === undefined ? 'refused' : service.react(request);
    },
    delayMs: () => Math.floor(Math.random() * 900),
    isAlive,
    timeoutMs: 10_000,
    maxTries,
  });
  return createTenantDeletion({
    client,
    services: world.urls,
    ledger,
    concurrency,
    deadlineMs,
    maxAttempts,
    logger: silent,
  });
}

interface Begun {
  readonly run: DeletionRun;
}

/** Begins what the ledger says is to be done next. Wrapped, as a run is a promise. */
async function go(deletion: TenantDeletion, withPreview: boolean, signal?: AbortSignal): Promise<Begun> {
  const common = { requestedBy: 'a test', signal };
  const { run } = await deletion.status(TENANT);
  if (run !== undefined) return { run: deletion.resume(run.runId, common) };
  if (!withPreview) return { run: deletion.run(TENANT, { dangerouslyWithoutPreview: true, ...common }) };
  const { previewId } = await deletion.preview(TENANT);
  return { run: deletion.run(TENANT, { previewId, ...common }) };
}

/** Checks the report of a run when it ends: other processes may go on before its promise is kept. */
async function follow(world: World, begin: () => Promise<Begun>): Promise<DeletionReport> {
  const { run } = await begin();
  let report: DeletionReport | undefined;
  for await (const event of run) {
    if (event.type !== 'run_ended') continue;
    ({ report } = event);
    checkTruth(world, report);
  }
  expect(await run).to.deep.equal(report);
  return run;
}

/** Whatever a report says is so. */
function checkTruth(world: World, report: DeletionReport, isLast = false): void {
  world.states.push(report.state);
  const lines = linesOf(world);
  let total = 0;
  for (const [index, service] of world.services.entries()) {
    const told = report.services[index]!;
    const sent = service.deletions(TENANT).filter((key) => key === told.idempotencyKey).length;
    const isFirst = service.deletions(TENANT).length === sent;
    const isDone = told.status === 'deleted' || told.status === 'already_gone';
    if (isDone) expect(service.held(TENANT), `records held of what is ${told.status}`).to.equal(0);
    if (told.status === 'not_asked') expect(sent, 'requests to one that was not asked').to.equal(0);
    if (told.status === 'already_gone' && isFirst) expect(world.records[index], 'records of what was gone').to.equal(0);
    expect(told.total ?? 0, 'records that went').to.be.at.most(world.records[index]!);
    const written = readService(lines, report.runId, service.name);
    // Another process may have gone on since the report was made.
    expect(told.attempts, 'attempts').to.be.at.most(written.intentions);
    if (isLast) expect(told.attempts, 'attempts').to.equal(written.intentions);
    if (isDone || isLast) expect(written.isDone, `what the ledger says of ${told.status}`).to.equal(isDone);
    total += told.total ?? 0;
  }
  expect(report.deletedTotal).to.equal(total);
  const isComplete = report.services.every(({ status }) => status === 'deleted' || status === 'already_gone');
  expect(report.state === 'complete').to.equal(isComplete);
}

const WELL = { maxAttempts: 6, maxTries: 3, concurrency: 8, deadlineMs: 900_000 };

/** All services are well: resumed until nothing changes, every one is done. */
async function end(world: World): Promise<void> {
  for (const service of world.services) service.heal();
  // What comes late has come.
  await pause(60_000);
  const life = { isAlive: () => true, die: () => undefined };
  const ledger = failingLedger(world.store, [], life, (holder) => world.deadHolders.has(holder));
  const deletion = orchestrator(world, WELL, ledger, life.isAlive);
  let report = await follow(world, () => go(deletion, false)).catch((error: unknown) => {
    // Of a run's first line all but its end was there: it counts when the next line follows, which the lock of this one was.
    if (!isTenantDeletionError(error) || error.code !== 'run_unfinished') throw error;
    return follow(world, () => go(deletion, false));
  });
  for (let before = ''; report.state !== 'complete' && before !== summary(report); ) {
    before = summary(report);
    report = await deletion.resume(report.runId);
  }
  checkTruth(world, report, true);
  expect(world.faults.join('; '), 'what must never be').to.equal('');
  expect(report.state, summary(report)).to.equal('complete');
  const sent = world.services.map((service) => service.deletions(TENANT).length);
  expect(await deletion.resume(report.runId), 'resumed once more').to.deep.equal(report);
  expect(await deletion.report(report.runId)).to.deep.equal(report);
  expect(world.services.map((service) => service.deletions(TENANT).length)).to.deep.equal(sent);
  for (const [index, service] of world.services.entries()) {
    // Of two that begin at once the second may begin when the first has ended: another run, that finds nothing.
    const isOneRun = service.deletions(TENANT).every((key) => key === report.services[index]!.idempotencyKey);
    const isUndisturbed =
      isOneRun &&
      world.deaths === 0 &&
      world.refusals.length === 0 &&
      world.states.every((state) => state !== 'stopped');
    if (isUndisturbed && service.hasToldAll(TENANT)) {
      expect(report.services[index]!.total ?? 0, 'records that went').to.equal(world.records[index]);
    }
  }
}

function summary({ state, services }: DeletionReport): string {
  return `${state}: ${services.map(({ service, status, httpStatus }) => `${service} ${status} ${String(httpStatus)}`).join(', ')}`;
}
