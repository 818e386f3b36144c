import { expect } from 'chai';
import sinon from 'sinon';
import type { DeletionProgress } from '../../../lib/client/tenant-deletion/deletion-progress.js';
import type { DeletionReport, ServiceReport } from '../../../lib/client/tenant-deletion/deletion-report.js';
import { createDeletionState } from '../../../lib/cli/deletion/deletion-state.js';
import { createLiveTable, hasRoom, progressBar, tableOf } from '../../../lib/cli/deletion/live-table.js';
import { createScreen } from './screen.js';

const service = (name: string, more: Partial<ServiceReport> = {}): ServiceReport => ({
  service: name,
  url: `http://${name}:8000`,
  status: 'not_asked',
  attempts: 0,
  tries: 0,
  idempotencyKey: `run.${name}`,
  ...more,
});

const started = (services: readonly ServiceReport[]): DeletionProgress => ({
  type: 'run_started',
  runId: 'run',
  tenantId: '7',
  isResumed: false,
  report: { runId: 'run', tenantId: '7', services } as unknown as DeletionReport,
});

const asked = (name: string): DeletionProgress => ({ type: 'service_asked', service: name, attempt: 1 });

const outcome = (name: string, status: 'deleted' | 'already_gone' | 'failed', total?: number): DeletionProgress => ({
  type: 'service_outcome',
  service: name,
  attempt: 1,
  outcome: status === 'deleted' ? { status, total } : { status },
  tries: 2,
  durationMs: 5,
});

describe('tableOf', () => {
  it('shows each service from its turn to its outcome', () => {
    let now = 1000;
    const state = createDeletionState(() => now);
    state.apply(started([service('a'), service('b'), service('c', { status: 'deleted', total: 3, tries: 1 })]));
    expect(tableOf(state, now)).to.deep.equal([
      '[########----------------] 1 of 3 services done',
      'SERVICE  STATE    RECORDS  REQUESTS  TIME',
      'a        waiting  -        0         -',
      'b        waiting  -        0         -',
      'c        deleted  3        1         -',
    ]);
    state.apply(asked('a'));
    state.apply(asked('b'));
    now = 1500;
    state.apply(outcome('a', 'deleted', 42));
    state.apply(outcome('b', 'failed'));
    expect(tableOf(state, 9000).slice(2, 4)).to.deep.equal([
      'a        deleted  42       2         500 ms',
      'b        failed   -        2         500 ms',
    ]);
    state.apply({ type: 'service_waiting', service: 'b', delayMs: 5000 });
    expect(tableOf(state)[3]).to.equal('b        again soon  -        2         500 ms');
    state.apply(asked('b'));
    expect(tableOf(state, 63_000)[3]).to.equal('b        asked    -        2         1 min 2 s');
    now = 4000;
    state.apply(outcome('b', 'already_gone'));
    expect([tableOf(state)[0], tableOf(state)[3]]).to.deep.equal([
      '[########################] 3 of 3 services done',
      'b        already gone  -        4         3.0 s',
    ]);
  });

  it('keeps of a service that does it by and by that it has accepted', () => {
    const state = createDeletionState();
    state.apply(started([service('a')]));
    state.apply(asked('a'));
    state.apply({
      type: 'service_outcome',
      service: 'a',
      attempt: 1,
      outcome: { status: 'accepted', pollUrl: 'http://a:8000/jobs/1' },
      tries: 1,
      durationMs: 5,
    });
    state.apply({ type: 'service_waiting', service: 'a', delayMs: 250 });
    expect(tableOf(state)[2]).to.match(/^a +accepted +- +1 /);
  });

  it('says why it stops', () => {
    const state = createDeletionState();
    state.apply(started([service('a')]));
    expect(tableOf(state)).to.have.length(3);
    state.apply({ type: 'run_stopping', reason: 'aborted' });
    expect(tableOf(state)[3]).to.match(/^Stopping: /);
  });

  it('is not changed by what is no news of a service that it has', () => {
    const state = createDeletionState();
    state.apply(started([service('a')]));
    const before = tableOf(state);
    state.apply(asked('b'));
    state.apply({ type: 'service_waiting', service: 'b', delayMs: 5000 });
    expect(tableOf(state)).to.deep.equal(before);
  });
});

describe('progressBar', () => {
  it('is as full as services are done', () => {
    expect(progressBar(0, 12)).to.equal(`[${'-'.repeat(24)}] 0 of 12 services done`);
    expect(progressBar(6, 12)).to.equal(`[${'#'.repeat(12)}${'-'.repeat(12)}] 6 of 12 services done`);
    expect(progressBar(12, 12)).to.equal(`[${'#'.repeat(24)}] 12 of 12 services done`);
  });
});

describe('hasRoom', () => {
  it('is where the table, why it stops and the cursor fit', () => {
    const write = (): void => undefined;
    expect([7, 6].map((rows) => hasRoom({ write, rows }, 2))).to.deep.equal([true, false]);
    // A terminal that does not tell has 24.
    expect([19, 20].map((services) => hasRoom({ write }, services))).to.deep.equal([true, false]);
  });
});

describe('createLiveTable', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    clock.restore();
  });

  const onScreen = (columns: number | undefined) => {
    const screen = createScreen({ columns: columns ?? 80, rows: 10 });
    let writes = 0;
    const state = createDeletionState(() => 0);
    state.apply(started([service('a-service-with-a-long-name'), service('b')]));
    screen.write('before\n');
    const write = (text: string): void => {
      writes++;
      screen.write(text);
    };
    return { screen, state, writes: () => writes, table: createLiveTable({ write, columns }, state) };
  };

  it('stands in its place, is drawn several times a second, and is gone at its end', () => {
    const { screen, state, table, writes } = onScreen(undefined);
    table.draw();
    const drawn = ['before', ...tableOf(state), ''];
    expect(screen.lines()).to.deep.equal(drawn);
    clock.tick(1000);
    expect(writes()).to.be.greaterThan(2);
    expect(screen.lines()).to.deep.equal(drawn);
    table.end();
    const atEnd = writes();
    clock.tick(5000);
    expect(writes()).to.equal(atEnd);
    expect(screen.lines()).to.deep.equal(['before', '']);
  });

  it('leaves nothing behind of what the terminal itself shows at Ctrl-C', () => {
    const { screen, state, table } = onScreen(undefined);
    table.draw();
    screen.write('^C');
    state.apply({ type: 'run_stopping', reason: 'aborted' });
    table.draw();
    expect(screen.lines()).to.deep.equal(['before', ...tableOf(state), '']);
    table.end();
    expect(screen.lines()).to.deep.equal(['before', '']);
  });

  it('makes way for what is written beside it', () => {
    const { screen, state, table } = onScreen(undefined);
    table.draw();
    table.aside(() => screen.write('a warning\n'));
    expect(screen.lines()).to.deep.equal(['before', 'a warning', ...tableOf(state), '']);
    table.end();
    expect(screen.lines()).to.deep.equal(['before', 'a warning', '']);
  });

  it('is cut where the terminal is narrow, so that no line breaks', () => {
    const { screen, state, table } = onScreen(20);
    table.draw();
    table.draw();
    expect(screen.lines()).to.deep.equal(['before', ...tableOf(state).map((line) => line.slice(0, 19).trimEnd()), '']);
  });
});
