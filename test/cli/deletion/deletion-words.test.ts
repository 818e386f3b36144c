import { expect } from 'chai';
import type { DeletionReport, ServiceReport } from '../../../lib/client/tenant-deletion/deletion-report.js';
import {
  timesInWords,
  answerInWords,
  countInWords,
  durationInWords,
  stateInWords,
  statusInWords,
} from '../../../lib/cli/deletion/deletion-words.js';
import { progressLine } from '../../../lib/cli/deletion/progress-line.js';
import { reportAsMarkdown } from '../../../lib/cli/deletion/report-markdown.js';

const service = (name: string, status: ServiceReport['status'], more: Partial<ServiceReport> = {}): ServiceReport => ({
  service: name,
  url: `http://${name}:8000`,
  status,
  attempts: 1,
  tries: 2,
  idempotencyKey: `run.${name}`,
  ...more,
});

const REPORT: DeletionReport = {
  runId: 'run',
  tenantId: '7',
  state: 'running',
  requestedBy: 'a@b',
  startedAt: '2026-11-25T12:00:00.000Z',
  resumptions: 2,
  sessions: [
    { at: '2026-11-25T12:00:00.000Z', requestedBy: 'a@b' },
    { at: '2026-11-25T13:00:00.000Z', requestedBy: 'c|d' },
    { at: '2026-11-25T14:00:00.000Z', requestedBy: 'e' },
  ],
  deletedTotal: 3,
  services: [
    service('a', 'deleted', { counts: { rows: 2, lines: 1 }, total: 3, durationMs: 61_000, httpStatus: 200 }),
    service('b', 'already_gone'),
    service('c', 'unknown', { code: 'ECONNRESET' }),
    service('d', 'not_asked', { attempts: 0, tries: 0 }),
  ],
};

describe('stateInWords', () => {
  const STATES: readonly (readonly [Partial<DeletionReport>, string])[] = [
    [{ state: 'complete', services: [service('a', 'deleted')] }, 'complete: every service is done'],
    [{}, 'running, or its process died: 2 of 4 services are not done'],
    [{ state: 'incomplete' }, 'incomplete: 2 of 4 services are not done'],
    [
      { state: 'incomplete', services: [service('a', 'failed'), service('b', 'deleted')] },
      'incomplete: 1 of 2 services is not done',
    ],
    [{ state: 'stopped', stopReason: 'refused' }, 'stopped (a service refused): 2 of 4 services are not done'],
    [{ state: 'stopped', stopReason: 'deadline' }, 'stopped (its time was over): 2 of 4 services are not done'],
    [{ state: 'stopped', stopReason: 'aborted' }, 'stopped (by request): 2 of 4 services are not done'],
  ];
  for (const [report, words] of STATES) {
    it(`says ${words}`, () => expect(stateInWords({ ...REPORT, ...report })).to.equal(words));
  }
});

describe('numbers in words', () => {
  it('say how long it took, and never 60 seconds', () => {
    const DURATIONS: readonly (readonly [ms: number | undefined, words: string])[] = [
      [undefined, '-'],
      [0, '0 ms'],
      [999, '999 ms'],
      [1000, '1.0 s'],
      [59_949, '59.9 s'],
      [59_950, '1 min 0 s'],
      [60_000, '1 min 0 s'],
      [119_400, '1 min 59 s'],
      [119_600, '2 min 0 s'],
      [5_400_000, '90 min 0 s'],
    ];
    for (const [ms, words] of DURATIONS) expect(durationInWords(ms), String(ms)).to.equal(words);
  });

  it('say how many, and what was answered', () => {
    expect([countInWords(undefined), countInWords(0), countInWords(12)]).to.deep.equal(['-', '0', '12']);
    expect([0, 1, 2].map(timesInWords)).to.deep.equal(['never', 'once', '2 times']);
    expect(statusInWords('already_gone')).to.equal('already gone');
    expect(answerInWords({})).to.equal('-');
    expect(answerInWords({ httpStatus: 503 })).to.equal('503');
    expect(answerInWords({ code: 'E\u001b' })).to.equal('E\\u{1b}');
    expect(answerInWords({ httpStatus: 404, code: 'tenant_not_found' })).to.equal('404 tenant_not_found');
  });
});

describe('progressLine', () => {
  const LINES: readonly (readonly [Parameters<typeof progressLine>[0], string | undefined])[] = [
    [
      { type: 'lock_waiting', delayMs: 15_000 },
      'The process before may still be at it: its lock is waited for, 15.0 s at most.',
    ],
    [{ type: 'run_started', runId: 'r', tenantId: '7', isResumed: false, report: REPORT }, undefined],
    [{ type: 'service_asked', service: 'a', attempt: 1 }, undefined],
    [{ type: 'service_asked', service: 'a', attempt: 2 }, 'a: asked once more (2)'],
    [{ type: 'service_waiting', service: 'a', delayMs: 999 }, undefined],
    [{ type: 'service_waiting', service: 'a', delayMs: 2500 }, 'a: again in 2.5 s'],
    [{ type: 'run_stopping', reason: 'refused' }, 'A service refused: no other is asked any more.'],
    [{ type: 'run_stopping', reason: 'deadline' }, 'Its time is over: calls in flight are broken off.'],
    [
      { type: 'run_stopping', reason: 'aborted' },
      'Stopping: calls in flight are waited for. Interrupt again to end at once.',
    ],
    [
      {
        type: 'service_outcome',
        service: 'a',
        attempt: 1,
        outcome: { status: 'deleted', total: 1, httpStatus: 200 },
        tries: 1,
        durationMs: 5,
      },
      'a: deleted, 1 record (200, 1 request, 5 ms)',
    ],
    [
      {
        type: 'service_outcome',
        service: 'a',
        attempt: 1,
        outcome: { status: 'deleted', detail: 'Nothing\u001b is left.' },
        tries: 2,
        durationMs: 5000,
      },
      'a: deleted (-, 2 requests, 5.0 s): Nothing\\u{1b} is left.',
    ],
    [
      {
        type: 'service_outcome',
        service: 'a',
        attempt: 1,
        outcome: { status: 'unknown', code: 'ECONNRESET' },
        tries: 0,
        durationMs: 5,
      },
      'a: unknown (ECONNRESET, 0 requests, 5 ms)',
    ],
    [{ type: 'run_ended', report: REPORT }, undefined],
  ];
  for (const [event, line] of LINES) {
    it(`of ${event.type} is ${line ?? 'nothing'}`, () => expect(progressLine(event)).to.equal(line));
  }
});

describe('reportAsMarkdown', () => {
  it('sets what is known, and what is not', () => {
    expect(reportAsMarkdown(REPORT).split('\n')).to.deep.equal([
      '# Deletion of tenant 7',
      '',
      '|                   |                                                                          |',
      '| ----------------- | ------------------------------------------------------------------------ |',
      '| Run               | run                                                                      |',
      '| Outcome           | running, or its process died: 2 of 4 services are not done               |',
      '| Requested by      | a@b                                                                      |',
      '| Began             | 2026-11-25T12:00:00.000Z                                                 |',
      '| Ended             | not yet                                                                  |',
      '| Took              | -                                                                        |',
      String.raw`| Resumed           | 2 times; 2026-11-25T13:00:00.000Z by c\|d; 2026-11-25T14:00:00.000Z by e |`,
      '| Preview           | none: nobody had looked                                                  |',
      '| Records previewed | -                                                                        |',
      '| Records deleted   | 3                                                                        |',
      '',
      '| Service | Outcome      | Previewed | Deleted | Attempts | Requests | Took      | Answer     | Note |',
      '| ------- | ------------ | --------- | ------- | -------- | -------- | --------- | ---------- | ---- |',
      '| a       | deleted      | -         | 3       | 1        | 2        | 1 min 1 s | 200        |      |',
      '| b       | already gone | -         | -       | 1        | 2        | -         | -          |      |',
      '| c       | unknown      | -         | -       | 1        | 2        | -         | ECONNRESET |      |',
      '| d       | not asked    | -         | -       | 0        | 0        | -         | -          |      |',
      '',
      '| Service | Records | Deleted |',
      '| ------- | ------- | ------- |',
      '| a       | rows    | 2       |',
      '| a       | lines   | 1       |',
      '',
    ]);
  });

  it('says who gave it up, where somebody did', () => {
    const abandoned = { at: '2026-11-26T12:00:00.000Z', requestedBy: 'ops' };
    expect(reportAsMarkdown({ ...REPORT, abandoned })).to.match(
      /^\| Given up +\| 2026-11-26T12:00:00\.000Z by ops +\|$/m,
    );
    expect(reportAsMarkdown(REPORT)).not.to.include('Given up');
  });

  it('has no list of kinds where no service counts by kind', () => {
    const text = reportAsMarkdown({ ...REPORT, services: [service('a', 'deleted', { total: 3 })] });
    expect(text).to.match(/^\| a +\| deleted +\| - +\| 3 /m);
    expect(text).not.to.include('| Records | Deleted |');
    expect(text).to.match(/ \|\n$/);
  });
});
