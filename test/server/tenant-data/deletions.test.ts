import { expect } from 'chai';
import type { DeletionAnswer } from '../../../lib/server/tenant-data/deletion-answer.js';
import { createDeletions, type Deletion, type Deletions } from '../../../lib/server/tenant-data/deletions.js';
import type { IdempotencyStore } from '../../../lib/server/tenant-data/idempotency-store.js';
import { memoryIdempotencyStore } from '../../../lib/server/tenant-data/memory-idempotency-store.js';
import { until } from '../../client/support.js';
import { recordingLogger, type RecordingLogger } from '../../support/recording-logger.js';
import { COUNTS, gate, type Gate } from './rig.js';
import { rejectWith } from '../../support/throw-anything.js';

const KEYED: Deletion = { name: 'n', subject: 's-1', isKeyed: true, fields: { tenant_id: 't-1' } };
const UNKEYED: Deletion = { ...KEYED, name: 'u', isKeyed: false };
const DONE: DeletionAnswer = { found: true, deleted: COUNTS };
const ANSWERED = { kind: 'answered', answer: DONE } as const;

describe('createDeletions', () => {
  let store: IdempotencyStore;
  let logger: RecordingLogger;
  let erasures: Gate<DeletionAnswer>[];
  beforeEach(() => {
    store = memoryIdempotencyStore();
    logger = recordingLogger();
    erasures = [];
  });

  const make = (changes: Partial<IdempotencyStore> = {}, renewEveryMs = 10_000): Deletions =>
    createDeletions({ store: { ...store, ...changes }, logger, leaseMs: 1000, renewEveryMs });
  const erase = (): Promise<DeletionAnswer> => {
    const erasure = gate<DeletionAnswer>();
    erasures.push(erasure);
    return erasure.promise;
  };
  const erased = (): Promise<DeletionAnswer> => {
    const answer = erase();
    erasures.at(-1)?.open(DONE);
    return answer;
  };
  const away = (): Promise<never> => Promise.reject(new Error('away'));
  const messages = (): readonly string[] => logger.lines.map(({ level, message }) => `${level}: ${message}`);

  it('runs a deletion once, however often it is asked for, and answers all alike', async () => {
    const deletions = make();
    const states = Array.from({ length: 20 }, () => deletions.run(KEYED, erase));
    await until(() => erasures.length > 0);
    states.push(deletions.run(KEYED, erase));
    erasures[0]?.open(DONE);
    for (const state of await Promise.all(states)) expect(state).to.deep.equal(ANSWERED);
    expect(await deletions.run(KEYED, erase)).to.deep.equal(ANSWERED);
    expect(erasures).to.have.length(1);
    expect(logger.lines).to.deep.equal([]);
  });

  it('runs it once over two processes, the second of which is told that it runs', async () => {
    const [here, there] = [make(), make()];
    const first = here.run(KEYED, erase);
    await until(() => erasures.length > 0);
    expect(await there.run(KEYED, erase)).to.deep.equal({ kind: 'running' });
    expect(await there.find(KEYED)).to.deep.equal({ kind: 'running' });
    erasures[0]?.open({ found: false });
    for (const state of [await first, await there.run(KEYED, erase), await there.find(KEYED), await here.find(KEYED)]) {
      expect(state).to.deep.equal({ kind: 'answered', answer: { found: false } });
    }
    expect(erasures).to.have.length(1);
  });

  it('knows another subject of the same name from a repetition, while it runs and afterwards', async () => {
    const deletions = make();
    const other = { ...KEYED, subject: 's-2' };
    const first = deletions.run(KEYED, erase);
    await until(() => erasures.length > 0);
    expect(await deletions.run(other, erase)).to.deep.equal({ kind: 'reused' });
    expect(await deletions.find(other)).to.deep.equal({ kind: 'unknown' });
    erasures[0]?.open(DONE);
    await first;
    expect(await deletions.run(other, erase)).to.deep.equal({ kind: 'reused' });
    expect(await deletions.find(other)).to.deep.equal({ kind: 'unknown' });
    expect(erasures).to.have.length(1);
  });

  it('forgets one that failed, and tells those who joined it', async () => {
    const deletions = make();
    const states = [deletions.run(KEYED, erase), deletions.run(KEYED, erase)];
    await until(() => erasures.length > 0);
    const error = new Error('deadlock');
    erasures[0]?.fail(error);
    for (const state of await Promise.all(states)) expect(state).to.deep.equal({ kind: 'failed' });
    expect(logger.lines).to.deep.equal([
      { level: 'error', message: 'Deleting a tenant failed', fields: { tenant_id: 't-1', error } },
    ]);
    expect(await deletions.find(KEYED)).to.deep.equal({ kind: 'unknown' });
    expect(await deletions.run(KEYED, erased)).to.deep.equal(ANSWERED);
  });

  it('takes a function that throws at once for one that failed', async () => {
    const deletions = make();
    const state = deletions.run(KEYED, () => {
      throw new Error('deadlock');
    });
    expect(await state).to.deep.equal({ kind: 'failed' });
    expect(await deletions.run(KEYED, erased)).to.deep.equal(ANSWERED);
  });

  for (const [what, begin] of [
    ['rejects', away],
    [
      'throws',
      () => {
        throw new Error('away');
      },
    ],
    ['rejects with what is no error', () => rejectWith(null)],
    ['holds what is no answer', () => Promise.resolve({ state: 'done', subject: 's-1', answer: '{' } as const)],
  ] as const) {
    it(`deletes nothing by a key while the store ${what}, and deletes when it works`, async () => {
      const deletions = make({ begin });
      expect(await deletions.run(KEYED, erase)).to.deep.equal({ kind: 'unavailable' });
      expect(erasures).to.have.length(0);
      expect(messages()).to.deep.equal(['error: The idempotency store cannot be used: nothing was deleted']);
      expect(logger.lines[0]?.fields).to.have.property('reason').that.is.a('string');
      expect(await make().run(KEYED, erased)).to.deep.equal(ANSWERED);
    });
  }

  it('deletes without a key while the store is away, and knows what came of it', async () => {
    const deletions = make({ begin: away, finish: away, find: away });
    expect(await deletions.run(UNKEYED, erased)).to.deep.equal(ANSWERED);
    expect(await deletions.find(UNKEYED)).to.deep.equal(ANSWERED);
    expect(messages()).to.deep.equal([
      'warn: The idempotency store cannot be used: other processes do not know of a deletion',
      'error: A deletion was done, and the idempotency store cannot be told',
    ]);
  });

  it('answers what was done where the store is lost meanwhile, and again, and does not do it again', async () => {
    const deletions = make({ finish: away });
    expect(await deletions.run(KEYED, erased)).to.deep.equal(ANSWERED);
    expect(await deletions.run(KEYED, erase)).to.deep.equal(ANSWERED);
    expect(await deletions.find(KEYED)).to.deep.equal(ANSWERED);
    expect(await deletions.run({ ...KEYED, subject: 's-2' }, erase)).to.deep.equal({ kind: 'reused' });
    expect(erasures).to.have.length(1);
    expect(messages()).to.deep.equal(['error: A deletion was done, and the idempotency store cannot be told']);
    expect(logger.lines[0]?.fields).to.deep.equal({ tenant_id: 't-1', reason: 'away' });
  });

  it('says that one which failed keeps its name where the store cannot be told', async () => {
    const deletions = make({ release: away });
    const state = deletions.run(KEYED, () => Promise.reject(new Error('deadlock')));
    expect(await state).to.deep.equal({ kind: 'failed' });
    expect(messages()[1]).to.include('warn: A deletion failed, and can be repeated only when its lease has run out');
    expect(await deletions.run(KEYED, erase)).to.deep.equal({ kind: 'running' });
  });

  it('says that the store is away where it is asked for one', async () => {
    expect(await make({ find: away }).find(KEYED)).to.deep.equal({ kind: 'unavailable' });
    expect(messages()).to.deep.equal(['error: The idempotency store cannot be asked what became of a deletion']);
    expect(await make().find(KEYED)).to.deep.equal({ kind: 'unknown' });
  });

  it('renews the lease while it runs, and not afterwards', async () => {
    let renewals = 0;
    const deletions = make(
      {
        renew: (name, claim, leaseMs) => {
          renewals++;
          expect(name).to.equal('n');
          expect(leaseMs).to.equal(1000);
          return store.renew(name, claim, leaseMs);
        },
      },
      1,
    );
    const state = deletions.run(KEYED, erase);
    await until(() => renewals > 2);
    erasures[0]?.open(DONE);
    expect(await state).to.deep.equal(ANSWERED);
    const after = renewals;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(renewals).to.equal(after);
    expect(logger.lines).to.deep.equal([]);
  });

  it('warns where its lease is somebody else’s now, and answers what it has done', async () => {
    const deletions = make({ renew: () => Promise.resolve(false), finish: () => Promise.resolve(false) }, 1);
    const state = deletions.run(KEYED, erase);
    await until(() => logger.lines.length > 0);
    erasures[0]?.open(DONE);
    expect(await state).to.deep.equal(ANSWERED);
    expect(messages()).to.deep.equal([
      'warn: A deletion runs that another process may have begun again',
      'warn: A deletion was done that another process has begun again',
    ]);
  });

  it('warns where it cannot renew its lease, and goes on', async () => {
    const deletions = make({ renew: away }, 1);
    const state = deletions.run(KEYED, erase);
    await until(() => logger.lines.length > 0);
    erasures[0]?.open(DONE);
    expect(await state).to.deep.equal(ANSWERED);
    expect(messages()).to.deep.equal(['warn: The idempotency store cannot be told that a deletion still runs']);
  });

  it('is settled when nothing runs any more', async () => {
    const deletions = make();
    await deletions.settled();
    const state = deletions.run(KEYED, erase);
    await until(() => erasures.length > 0);
    let isSettled = false;
    const settled = deletions.settled().then(() => (isSettled = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isSettled).to.equal(false);
    erasures[0]?.fail(new Error('deadlock'));
    await settled;
    expect(await state).to.deep.equal({ kind: 'failed' });
  });

  it('holds a lease of thirty seconds where nobody says otherwise', async () => {
    let lease = 0;
    const begin: IdempotencyStore['begin'] = (name, claim, leaseMs) => {
      lease = leaseMs;
      return store.begin(name, claim, leaseMs);
    };
    const deletions = createDeletions({ store: { ...store, begin }, logger });
    expect(await deletions.run(KEYED, erased)).to.deep.equal(ANSWERED);
    expect(lease).to.equal(30_000);
  });
});
