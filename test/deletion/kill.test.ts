import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import {
  createServiceClient,
  createTenantDeletion,
  type DeletionReport,
  fileLedger,
  type TenantDeletion,
} from '../../lib/client/index.js';
import { BUILT_PROGRAM } from '../cli/programs.js';
import { opaqueToken } from '../client/support.js';
import { buildIfMissing } from '../examples/run-bakery.js';
import { withoutNock } from '../support/without-nock.js';
import { type FaultyService, startFaultyService, watchDeletions } from './faulty-service.js';
import { createTenantService, type Fault } from './tenant-service.js';

const IS_LONG = process.env['SERVICE_AUTH_LONG'] === '1';
const KILLS = IS_LONG ? 100 : 10;
// Sources would have to be made readable for Node at each start.
const PROGRAM = BUILT_PROGRAM;
/** Tenants that are deleted side by side. */
const AT_ONCE = 3;
/** How much later a process is killed than what it is killed for, in ms at most. */
const LATER_MS = 150;
const SERVICES = 12;
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

// Those that a client's own tries come over soon, and a job that is looked at: something to be killed in.
const FAULTS: readonly Fault[] = ['broken off, done', 'broken off, not done', '500, done', '503, not done', 'accepted'];

/** What one process did. */
interface Ended {
  readonly runId: string | undefined;
  readonly isKilled: boolean;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe('service-auth delete-tenant, killed with SIGKILL', function () {
  this.timeout(IS_LONG ? 900_000 : 300_000);
  withoutNock();

  const children = new Set<ChildProcess>();
  const faults: string[] = [];
  const onArrival = new Set<(tenant: string) => void>();
  let directory: string;
  let services: readonly FaultyService[];
  let deletion: TenantDeletion;

  before(async () => {
    buildIfMissing();
    directory = mkdtempSync(join(tmpdir(), 'service-auth-kill-'));
    const ledger = join(directory, 'deletions');
    services = await Promise.all(
      Array.from({ length: SERVICES }, async (_, i) => {
        const nextFault = (): Fault | undefined =>
          Math.random() < 0.1 ? FAULTS[Math.floor(Math.random() * FAULTS.length)] : undefined;
        const service = createTenantService({ name: `service-${i}`, nextFault });
        watchDeletions(service, ledger, (what) => faults.push(what));
        const { onDelete } = service;
        service.onDelete = (tenant, request) => {
          onDelete(tenant, request);
          for (const told of onArrival) told(tenant);
        };
        const slowness = (): number => Math.random() * 60;
        return startFaultyService(service, { beforeMs: slowness, afterMs: slowness });
      }),
    );
    const entries = services.map(({ service, url }) => {
      const { origin, pathname } = new URL(url);
      return { name: service.name, url: origin, apiPath: pathname };
    });
    writeFileSync(join(directory, 'services.json'), JSON.stringify(entries));
    // What it asks for here, the command does not have to be started for.
    deletion = createTenantDeletion({
      client: createServiceClient(opaqueToken(), { logger: silent }),
      services: services.map(({ service, url }) => ({ name: service.name, url })),
      ledger: fileLedger(ledger),
      logger: silent,
    });
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(services.map((service) => service.close()));
    await deletion.close();
    rmSync(directory, { recursive: true });
  });

  /**
   * Starts the command.
   *
   * @param tenant - whom it deletes
   * @param aim - called once it has said which run it is; undefined: it is not to be killed
   */
  async function command(tenant: string, how: readonly string[], aim?: (kill: () => void) => void): Promise<Ended> {
    const { REDIS_URL: _, ...env } = process.env;
    const args = ['delete-tenant', tenant, ...how, '--json', '--services', 'services.json', '--dir', '.'];
    const child = spawn(process.execPath, [...PROGRAM.args, ...args], {
      cwd: directory,
      env: { ...env, SERVICE_TOKEN: opaqueToken() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    const text = { stdout: '', stderr: '' };
    const runIdIn = (): string | undefined => /^Run ([0-9a-f]{16}-[0-9a-f]{12})\b/m.exec(text.stderr)?.[1];
    let isAimed = false;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (piece: string) => {
        text[name] += piece;
        if (isAimed || runIdIn() === undefined) return;
        isAimed = true;
        aim?.(() => child.kill('SIGKILL'));
      });
    }
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    children.delete(child);
    return { runId: runIdIn(), isKilled: signal === 'SIGKILL', code, ...text };
  }

  /** The same, killed: a moment after so many requests to delete have come from it as may come, none among them. */
  async function killedCommand(tenant: string, how: readonly string[]): Promise<Ended> {
    const open = services.filter(({ service }) => service.held(tenant) > 0).length;
    let left = Math.floor(Math.random() * (open + 1));
    let kill: (() => void) | undefined;
    const check = (): void => {
      if (left > 0 || kill === undefined) return;
      void pause(Math.random() * LATER_MS).then(kill);
      kill = undefined;
    };
    const count = (asked: string): void => {
      if (asked !== tenant) return;
      left--;
      check();
    };
    onArrival.add(count);
    try {
      return await command(tenant, how, (act) => {
        kill = act;
        check();
      });
    } finally {
      onArrival.delete(count);
    }
  }

  /** Deletes a tenant by processes that are killed, up to four of them, and one that is not. Returns how many were. */
  async function deleteKilled(tenant: string): Promise<number> {
    for (const [index, { service }] of services.entries()) service.hold(tenant, 1 + (index % 3));
    const held = services.reduce((sum, { service }) => sum + service.held(tenant), 0);
    await deletion.preview(tenant);
    const first = await killedCommand(tenant, ['--confirm', tenant]);
    expect(first.runId, first.stderr).to.be.a('string');
    const runId = String(first.runId);
    let kills = Number(first.isKilled);
    for (let more = Math.floor(Math.random() * 4); more > 0; more--) {
      const { isKilled, code, stderr } = await killedCommand(tenant, ['--resume', runId]);
      if (!isKilled) expect(code, stderr).to.equal(0);
      kills += Number(isKilled);
    }
    const last = await command(tenant, ['--resume', runId]);
    expect(last.code, last.stderr).to.equal(0);
    const report = JSON.parse(last.stdout) as DeletionReport;
    expect(report.runId).to.equal(runId);
    expect(report.state).to.equal('complete');
    const { services: written } = await deletion.report(runId);
    expect(report.services, 'what the ledger says').to.deep.equal(JSON.parse(JSON.stringify(written)));
    expect(report.deletedTotal, 'records that went').to.equal(held);
    for (const { service } of services) {
      const told = report.services.find(({ service: name }) => name === service.name);
      expect(service.held(tenant), `records of ${service.name}`).to.equal(0);
      expect(told?.status, service.name).to.equal('deleted');
      expect(new Set(service.deletions(tenant)), service.name).to.deep.equal(new Set([told?.idempotencyKey]));
    }
    return kills;
  }

  it(`loses nothing, and asks nobody for what is known to be done: ${KILLS} kills at random moments, then --resume`, async () => {
    let kills = 0;
    let tenants = 0;
    const one = async (): Promise<void> => {
      while (kills < KILLS && faults.length === 0) kills += await deleteKilled(`tenant ${++tenants}`);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    expect(faults.join('; '), 'what must never be').to.equal('');
    expect(kills).to.be.at.least(KILLS);
  });
});
