import { expect } from 'chai';
import type { LedgerRecord } from '../../../../lib/client/tenant-deletion/ledger/ledger-records.js';
import {
  emptyHistory,
  isComplete,
  readOn,
  type RunHistory,
  type ServiceHistory,
  type TenantHistory,
  unfinishedRun,
} from '../../../../lib/client/tenant-deletion/ledger/tenant-history.js';
import type { ServiceOutcome } from '../../../../lib/client/tenant-deletion/outcome.js';
import { isTenantDeletionError } from '../../../../lib/client/tenant-deletion/tenant-deletion-error.js';
import { thrownBy } from '../../../support/refusals.js';
import { farHolder } from './support.js';

const START = Date.parse('2030-01-01T00:00:00.000Z');
const ORDERS = { name: 'orders-service', url: 'http://orders-service:8000/api/v1/orders' };
const SALES = { name: 'sales-service', url: 'http://sales-service:8000', after: ['orders-service'] };

/** The moment of a line, by its place. */
function at(position: number): string {
  return new Date(START + position * 1000).toISOString();
}

type Fields = Readonly<Record<string, unknown>>;
/** A record without what its place in the log decides; a text is a line as it is. */
type Draft = string | (Fields & { readonly type: LedgerRecord['type'] });

/**
 * Reads a log of these records: a lock takes the next epoch and has seen all before it, the records of a holder are numbered. What a draft
 * says itself goes before that.
 */
function historyOf(...drafts: readonly Draft[]): TenantHistory {
  const history = emptyHistory();
  let [epoch, n] = [0, 0];
  const lines = drafts.map((draft, position) => {
    if (typeof draft === 'string') return { text: draft, position };
    let fields: Fields = { at: at(position) };
    if (draft.type === 'lock') {
      const lock = { epoch: epoch + 1, seen: position, holder: farHolder(), ...draft };
      if (lock.seen === position && lock.epoch === epoch + 1) [epoch, n] = [epoch + 1, 0];
      fields = { ...fields, ...lock };
    } else if (draft.type !== 'preview') {
      if (draft['n'] === undefined && draft['epoch'] === undefined) n++;
      fields = { ...fields, epoch, n, ...draft };
    }
    return { text: JSON.stringify({ ...fields, ...draft }), position };
  });
  readOn(history, { lines, end: lines.length, next: lines.length });
  return history;
}

const lock = { type: 'lock' } as const;
const run = { type: 'run', runId: 'r', tenantId: 't', requestedBy: 'me', services: [ORDERS, SALES] } as const;
const of = { runId: 'r', service: 'orders-service' } as const;
const intention = { type: 'intention', ...of, attempt: 1 } as const;
const outcome = (given: ServiceOutcome, rest: Fields = {}): Draft => ({
  type: 'outcome',
  ...of,
  attempt: 1,
  outcome: given,
  tries: 1,
  mayHaveRun: false,
  ...rest,
});
const end = { type: 'end', runId: 'r', state: 'incomplete' } as const;

function runOf(...drafts: readonly Draft[]): RunHistory {
  return historyOf(lock, run, ...drafts).runs.get('r')!;
}

function ordersOf(...drafts: readonly Draft[]): ServiceHistory {
  return runOf(...drafts).services.get('orders-service')!;
}

describe('readOn', () => {
  it('knows nothing of an empty log', () => {
    const empty = { epoch: 0, lock: undefined, previews: new Map(), runs: new Map(), end: 0, next: 0 };
    expect(historyOf()).to.deep.equal(empty);
    expect(emptyHistory()).to.deep.equal(empty);
  });

  it('keeps where the log ended, and where to read on', () => {
    const history = emptyHistory();
    readOn(history, { lines: [], end: 7, next: 5 });
    expect(history).to.include({ end: 7, next: 5 });
  });

  it('comes to the same in pieces, wherever they are cut', () => {
    const drafts = [
      lock,
      run,
      intention,
      outcome({ status: 'unknown' }),
      end,
      lock,
      { type: 'resume', runId: 'r' },
    ] as const;
    const whole = historyOf(...drafts);
    const positions = [...drafts.keys()];
    const lines = positions.map((position) => {
      const [epoch, n] = position < 5 ? [1, position] : [2, position - 5];
      const base = { at: at(position), holder: farHolder(), seen: position, epoch, n };
      return { text: JSON.stringify({ ...base, ...(drafts[position] as object) }), position };
    });
    for (const cut of [...positions, drafts.length]) {
      const history = emptyHistory();
      readOn(history, { lines: lines.slice(0, cut), end: cut, next: cut });
      readOn(history, { lines: lines.slice(cut), end: 7, next: 7 });
      expect(history).to.deep.equal(whole);
    }
  });

  it('passes over what is no record, wherever it stands', () => {
    const plain = historyOf(lock, run, intention);
    for (const torn of ['', '{"type":"run","epo', '{"type":"of another version"}', 'null']) {
      for (const place of [0, 1, 2, 3]) {
        const drafts: Draft[] = [lock, run, intention];
        drafts.splice(place, 0, torn);
        const history = historyOf(...drafts);
        expect(history.runs.get('r')?.services.get('orders-service')?.attempts).to.equal(1);
        expect(history.lock?.records).to.equal(plain.lock?.records);
      }
    }
  });

  it('passes over records of a holder where nobody has had the lock', () => {
    for (const record of [run, { type: 'renew' }, { type: 'unlock' }, { type: 'renew', epoch: undefined }] as const) {
      const history = historyOf(record);
      expect(history).to.deep.include({ epoch: 0, lock: undefined, runs: new Map() });
    }
  });

  describe('a preview', () => {
    const preview = { type: 'preview', previewId: 'p', tenantId: 't', services: [] } as const;
    it('counts wherever it stands, whoever holds the lock', () => {
      for (const drafts of [[preview], [lock, preview], [lock, { type: 'unlock' }, preview]] as const) {
        const history = historyOf(...drafts);
        expect(history.previews.get('p')).to.deep.equal({ ...preview, at: at(drafts.length - 1) });
      }
    });
    it('is no sign of the holder, and breaks no numbers', () => {
      const history = historyOf(lock, preview, { ...preview, previewId: 'q' }, { type: 'renew' });
      expect([...history.previews.keys()]).to.deep.equal(['p', 'q']);
      expect(history.lock).to.include({ records: 1, lastSign: START + 3000 });
      expect(historyOf(lock, preview).lock).to.include({ records: 0, lastSign: START });
    });
  });

  describe('a lock', () => {
    it('is held by who took it, from then on', () => {
      const history = historyOf(lock);
      expect(history.epoch).to.equal(1);
      expect(history.lock).to.deep.equal({ epoch: 1, holder: farHolder(), lastSign: START, records: 0 });
    });

    const CASES: readonly (readonly [
      what: string,
      drafts: readonly Draft[],
      holder: string | undefined,
      epoch: number,
    ])[] = [
      ['counts where it saw all before it', ['{', { ...lock, seen: 1 }], 'far', 1],
      ['does not count where it saw less', ['{', { ...lock, seen: 0 }], undefined, 0],
      ['does not count with an epoch that was before', [lock, { ...lock, epoch: 1, holder: farHolder('b') }], 'far', 1],
      ['counts with the next epoch', [lock, { ...lock, epoch: 2, holder: farHolder('b') }], 'b', 2],
      [
        'is the first of two that saw the same',
        [
          { ...lock, seen: 0 },
          { ...lock, epoch: 1, seen: 0, holder: farHolder('b') },
        ],
        'far',
        1,
      ],
      ['takes over from who holds it', [lock, run, { ...lock, holder: farHolder('b') }], 'b', 2],
      [
        'counts after one that did not',
        ['{', { ...lock, seen: 0 }, { ...lock, epoch: 1, holder: farHolder('b') }],
        'b',
        1,
      ],
    ];
    for (const [what, drafts, holder, epoch] of CASES) {
      it(what, () => {
        const history = historyOf(...drafts);
        expect(history.lock?.holder.id).to.equal(holder);
        expect(history.epoch).to.equal(epoch);
        expect(history.lock?.epoch).to.equal(holder === undefined ? undefined : epoch);
      });
    }

    for (const [what, drafts] of [
      ['saw more than there is', [{ ...lock, seen: 1 }]],
      ['has an epoch too far', [lock, { ...lock, epoch: 3, holder: farHolder('b') }]],
    ] as const) {
      it(`shows that lines are missing where it ${what}`, () => {
        expect(() => historyOf(...drafts))
          .to.throw(/lines are missing before a lock/)
          .and.include({ code: 'ledger_corrupt' });
      });
    }

    it('is kept by every record of its holder', () => {
      const RECORDS: readonly Draft[] = [
        { type: 'renew' },
        intention,
        outcome({ status: 'failed' }),
        end,
        { type: 'resume', runId: 'r', requestedBy: 'x' },
        { type: 'abandon', runId: 'r', requestedBy: 'x' },
      ];
      for (const record of RECORDS) {
        expect(historyOf(lock, run, record).lock).to.include({ records: 2, lastSign: START + 2000 });
      }
    });

    it('is given back by unlock: nobody has it, and the next epoch counts on', () => {
      expect(historyOf(lock, { type: 'unlock' })).to.deep.include({ epoch: 1, lock: undefined });
      expect(historyOf(lock, { type: 'unlock' }, lock).lock).to.include({ epoch: 2, records: 0 });
    });
  });

  describe('fencing', () => {
    it('does not count what a holder writes after it was taken over', () => {
      const late = { ...end, epoch: 1, n: 2 };
      const history = historyOf(lock, run, lock, late, { ...intention, epoch: 1, n: 3 });
      expect(history.runs.get('r')?.state).to.equal('running');
      expect(history.runs.get('r')?.services.get('orders-service')?.isOpen).to.equal(false);
      expect(history.lock).to.include({ epoch: 2, records: 0, lastSign: START + 2000 });
      // The same line, had nobody taken over.
      expect(historyOf(lock, run, late).runs.get('r')?.state).to.equal('incomplete');
    });

    it('does not count what a holder writes after it has given the lock back', () => {
      const history = historyOf(lock, run, { type: 'unlock' }, { ...end, epoch: 1, n: 3 });
      expect(history.runs.get('r')?.state).to.equal('running');
      expect(history.lock).to.equal(undefined);
    });

    it('shows that a line was changed where a record is of a lock that nobody could take', () => {
      const early = { ...end, epoch: 2, n: 1 };
      for (const drafts of [
        [lock, run, { type: 'unlock' }, early],
        [lock, run, early],
      ] as const) {
        expect(() => historyOf(...drafts)).to.throw(/lock that nobody could take/);
      }
    });

    it('does not take an unlock of one who was taken over for one of who took over', () => {
      expect(historyOf(lock, lock, { type: 'unlock', epoch: 1, n: 1 }).lock?.epoch).to.equal(2);
      expect(historyOf(lock, lock, { type: 'unlock', epoch: 2, n: 1 }).lock).to.equal(undefined);
    });
  });

  describe('a ledger that something else has changed', () => {
    const stray = { ...intention, service: 'pos-service' } as const;
    const CASES: readonly (readonly [what: string, bad: readonly Draft[], good: readonly Draft[]])[] = [
      ['a line is missing', [lock, run, { ...end, epoch: 1, n: 3 }], [lock, run, { ...end, epoch: 1, n: 2 }]],
      ['the first is missing', [lock, { type: 'renew', epoch: 1, n: 2 }], [lock, { type: 'renew', epoch: 1, n: 1 }]],
      [
        'a line stands there twice',
        [lock, run, { type: 'renew' }, { type: 'renew', epoch: 1, n: 2 }],
        [lock, run, { type: 'renew' }, { type: 'renew', epoch: 1, n: 3 }],
      ],
      [
        'lines have changed places',
        [lock, { type: 'renew', epoch: 1, n: 2 }, { type: 'renew', epoch: 1, n: 1 }],
        [lock, { type: 'renew', epoch: 1, n: 1 }, { type: 'renew', epoch: 1, n: 2 }],
      ],
      ['a line has no number', [lock, { type: 'renew', epoch: 1, n: null }], [lock, { type: 'renew' }]],
      ['an unlock is not the next', [lock, { type: 'unlock', epoch: 1, n: 2 }], [lock, { type: 'unlock' }]],
      ['numbers go on in the next epoch', [lock, run, lock, { ...end, epoch: 2, n: 2 }], [lock, run, lock, end]],
      ['the end is of no run', [lock, end], [lock, run, end]],
      [
        'the resumption is of no run',
        [lock, { type: 'resume', runId: 'r' }],
        [lock, run, { type: 'resume', runId: 'r' }],
      ],
      [
        'what was given up is no run',
        [lock, { type: 'abandon', runId: 'r' }],
        [lock, run, { type: 'abandon', runId: 'r' }],
      ],
      ['the intention is of no run', [lock, intention], [lock, run, intention]],
      ['the outcome is of no run', [lock, outcome({ status: 'failed' })], [lock, run, outcome({ status: 'failed' })]],
      ['the intention is of another service', [lock, run, stray], [lock, run, { ...stray, service: 'sales-service' }]],
      [
        'the outcome is of another service',
        [lock, run, outcome({ status: 'failed' }, { service: 'pos-service' })],
        [lock, run, outcome({ status: 'failed' }, { service: 'sales-service' })],
      ],
      [
        'the service is named like a member of every object',
        [lock, run, { ...stray, service: 'constructor' }],
        [lock, { ...run, services: [{ ...ORDERS, name: 'constructor' }] }, { ...stray, service: 'constructor' }],
      ],
    ];
    for (const [what, bad, good] of CASES) {
      it(`is corrupt where ${what}`, () => {
        const error = thrownBy(() => historyOf(...bad));
        if (!isTenantDeletionError(error)) throw error;
        expect(error.code).to.equal('ledger_corrupt');
        expect(historyOf(...good)).to.be.an('object');
      });
    }
  });

  describe('a line that was edited', () => {
    const preview: Draft = { type: 'preview', previewId: 'p', tenantId: 't', services: [] };
    const WHOLE: readonly (readonly [string, readonly Draft[], Record<string, unknown>])[] = [
      ['a preview without an id', [preview], { previewId: undefined }],
      ['a preview without services', [preview], { services: undefined }],
      ['a line without a time', [preview], { at: 'soon' }],
      ['a lock without a holder', [lock], { holder: undefined }],
      ['a lock without what it saw', [lock], { seen: '0' }],
      ['a run without services', [lock, run], { services: undefined }],
      ['a run with a service without a URL', [lock, run], { services: [{ name: 'a' }] }],
      ['a run without who wanted it', [lock, run], { requestedBy: 7 }],
      ['an intention without its attempt', [lock, run, intention], { attempt: undefined }],
      ['an outcome without a status', [lock, run, outcome({ status: 'failed' })], { outcome: {} }],
      ['an outcome without one', [lock, run, outcome({ status: 'failed' })], { outcome: undefined }],
      ['an outcome without its tries', [lock, run, outcome({ status: 'failed' })], { tries: 'many' }],
    ];
    for (const [what, drafts, edit] of WHOLE) {
      it(`shows: ${what}`, () => {
        const last = drafts.at(-1) as Exclude<Draft, string>;
        historyOf(...drafts);
        expect(() => historyOf(...drafts.slice(0, -1), { ...last, ...edit }))
          .to.throw(/lacks a part/)
          .and.include({ code: 'ledger_corrupt' });
      });
    }
  });

  describe('a run', () => {
    it('begins as it is written, with every service not asked', () => {
      const notAsked = {
        attempts: 0,
        tries: 0,
        isOpen: false,
        mayHaveRun: false,
        isLost: false,
        outcome: undefined,
        startedAt: undefined,
        endedAt: undefined,
      };
      expect(historyOf(lock, { ...run, previewId: 'p' }).runs.get('r')).to.deep.equal({
        runId: 'r',
        tenantId: 't',
        previewId: 'p',
        requestedBy: 'me',
        startedAt: at(1),
        endedAt: undefined,
        state: 'running',
        stopReason: undefined,
        sessions: [{ at: at(1), requestedBy: 'me' }],
        abandoned: undefined,
        services: new Map([
          ['orders-service', { ...ORDERS, askedAt: ORDERS.url, ...notAsked }],
          ['sales-service', { ...SALES, askedAt: SALES.url, ...notAsked }],
        ]),
      });
      expect(runOf().previewId).to.equal(undefined);
    });

    it('ends with its state and reason, and goes on when it is resumed', () => {
      const stopped = { ...end, state: 'stopped', stopReason: 'deadline' };
      expect(runOf(stopped)).to.include({ state: 'stopped', stopReason: 'deadline', endedAt: at(2) });
      expect(runOf(stopped, { type: 'resume', runId: 'r', requestedBy: 'you' })).to.deep.include({
        state: 'running',
        stopReason: undefined,
        endedAt: undefined,
        sessions: [
          { at: at(1), requestedBy: 'me' },
          { at: at(3), requestedBy: 'you' },
        ],
        requestedBy: 'me',
        startedAt: at(1),
      });
      const again = runOf(
        stopped,
        { type: 'resume', runId: 'r' },
        { type: 'resume', runId: 'r' },
        { ...end, state: 'complete' },
      );
      expect(again).to.include({ state: 'complete', stopReason: undefined, endedAt: at(5) });
      expect(again.sessions).to.have.length(3);
    });

    it('can be given up', () => {
      expect(runOf().abandoned).to.equal(undefined);
      expect(runOf({ type: 'abandon', runId: 'r', requestedBy: 'me' })).to.deep.include({
        abandoned: { at: at(2), requestedBy: 'me' },
        state: 'running',
      });
    });

    it('stands beside others, in the order in which they began', () => {
      const history = historyOf(lock, { ...run, runId: 'b' }, { ...run, runId: 'a' }, { ...end, runId: 'b' });
      expect([...history.runs.keys()]).to.deep.equal(['b', 'a']);
      expect([...history.runs.values()].map(({ state }) => state)).to.deep.equal(['incomplete', 'running']);
    });
  });

  describe('a service of a run', () => {
    const unknown = { status: 'unknown', code: 'ECONNRESET' } as const;
    const failed = { status: 'failed', httpStatus: 500 } as const;
    const deleted = { status: 'deleted', total: 3 } as const;
    const second = { ...intention, attempt: 2 } as const;
    const CASES: readonly (readonly [what: string, drafts: readonly Draft[], expected: Partial<ServiceHistory>])[] = [
      [
        'is open once it is about to be asked',
        [intention],
        { isOpen: true, attempts: 1, startedAt: at(2), outcome: undefined },
      ],
      [
        'may have been asked in vain where no outcome came before the next attempt',
        [intention, second],
        { isOpen: true, attempts: 2, mayHaveRun: true, isLost: true, startedAt: at(2) },
      ],
      [
        'is as its outcome says',
        [intention, outcome(deleted, { tries: 3 })],
        { isOpen: false, outcome: deleted, tries: 3, mayHaveRun: false, isLost: false, endedAt: at(3) },
      ],
      [
        'adds its tries up, and has the last outcome',
        [intention, outcome(failed, { tries: 2 }), second, outcome(deleted, { tries: 1 })],
        { attempts: 2, tries: 3, outcome: deleted, startedAt: at(2), endedAt: at(5), mayHaveRun: false, isLost: false },
      ],
      [
        'keeps the outcome before while it is asked again',
        [intention, outcome(failed), second],
        { isOpen: true, outcome: failed, mayHaveRun: false, isLost: false, endedAt: at(3) },
      ],
      [
        'may have run where an outcome says so',
        [intention, outcome(failed, { mayHaveRun: true })],
        { mayHaveRun: true, isLost: false },
      ],
      [
        'may have run from then on',
        [intention, outcome(failed, { mayHaveRun: true }), second, outcome(failed)],
        { mayHaveRun: true, isLost: false },
      ],
      ['lost an answer where it is unknown', [intention, outcome(unknown)], { isLost: true, mayHaveRun: false }],
      ['lost an answer from then on', [intention, outcome(unknown), second, outcome(failed)], { isLost: true }],
      ['is not asked where another is', [{ ...intention, service: 'sales-service' }], { isOpen: false, attempts: 0 }],
    ];
    for (const [what, drafts, expected] of CASES) {
      it(what, () => {
        expect(ordersOf(...drafts)).to.deep.include(expected);
      });
    }
  });
});

describe('isComplete', () => {
  const settled = (orders: ServiceOutcome, sales: ServiceOutcome): RunHistory =>
    runOf(
      intention,
      outcome(orders),
      { ...intention, service: 'sales-service' },
      outcome(sales, { service: 'sales-service' }),
    );

  it('is so where every service is done, and not where one is missing', () => {
    expect(isComplete(settled({ status: 'deleted' }, { status: 'already_gone' }))).to.equal(true);
    for (const status of ['refused', 'failed', 'unknown'] as const) {
      expect(isComplete(settled({ status: 'deleted' }, { status }))).to.equal(false);
    }
    expect(isComplete(settled({ status: 'accepted', pollUrl: 'http://a' }, { status: 'deleted' }))).to.equal(false);
    expect(isComplete(runOf(intention, outcome({ status: 'deleted' })))).to.equal(false);
  });
});

describe('unfinishedRun', () => {
  const small = { ...run, services: [ORDERS] };
  const done = outcome({ status: 'deleted' });

  it('is the first that is neither complete nor given up', () => {
    expect(unfinishedRun(historyOf())).to.equal(undefined);
    expect(unfinishedRun(historyOf(lock, small))?.runId).to.equal('r');
    expect(unfinishedRun(historyOf(lock, small, intention, done))).to.equal(undefined);
    expect(unfinishedRun(historyOf(lock, small, end))?.runId).to.equal('r');
    expect(unfinishedRun(historyOf(lock, small, { type: 'abandon', runId: 'r' }))).to.equal(undefined);
    const two = [lock, small, { ...small, runId: 's' }] as const;
    expect(unfinishedRun(historyOf(...two))?.runId).to.equal('r');
    expect(unfinishedRun(historyOf(...two, { type: 'abandon', runId: 'r' }))?.runId).to.equal('s');
    expect(unfinishedRun(historyOf(...two, intention, done))?.runId).to.equal('s');
  });
});
