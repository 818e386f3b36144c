import { expect } from 'chai';
import type { DeletionSettings, RunSettings } from '../../../lib/client/tenant-deletion/deletion-options.js';
import { PREVIEW_LIFETIME_MS } from '../../../lib/client/tenant-deletion/deletion-preview.js';
import type { PreviewedService } from '../../../lib/client/tenant-deletion/ledger/ledger-records.js';
import {
  emptyHistory,
  type RunHistory,
  type TenantHistory,
} from '../../../lib/client/tenant-deletion/ledger/tenant-history.js';
import type { ServiceOutcome } from '../../../lib/client/tenant-deletion/outcome.js';
import { checkRunMayBegin } from '../../../lib/client/tenant-deletion/run-permission.js';
import { fakeDate } from '../../support/clock.js';

const NOW = 1_800_000_000;

const SERVICES: readonly PreviewedService[] = [
  { service: 'orders', url: 'http://orders', status: 'counted', total: 4 },
  { service: 'sales', url: 'http://sales', status: 'nothing', total: 0 },
];

/** What a run is checked by; everything is well where nothing else is said. */
interface Case {
  readonly run?: Partial<RunSettings>;
  readonly maxRecords?: number;
  /** The services that there are now. */
  readonly names?: readonly string[];
  readonly previewed?: readonly PreviewedService[];
  /** How old the preview is. */
  readonly ageMs?: number;
  readonly runs?: readonly Partial<RunHistory>[];
  /** Whom the run is about; the preview is of `t`. */
  readonly tenantId?: string;
}

function check({
  run = {},
  maxRecords,
  names = ['orders', 'sales'],
  previewed = SERVICES,
  ageMs = 0,
  runs = [],
  tenantId = 't',
}: Case): void {
  const history: TenantHistory = emptyHistory();
  const takenAt = new Date(NOW * 1000 - ageMs).toISOString();
  history.previews.set('p', { type: 'preview', previewId: 'p', tenantId: 't', at: takenAt, services: previewed });
  for (const [index, one] of runs.entries()) {
    const runId = `r${String(index)}`;
    history.runs.set(runId, { runId, abandoned: undefined, services: new Map(), ...one } as RunHistory);
  }
  const settings = {
    maxRecords,
    services: new Map(names.map((name) => [name, { url: `http://${name}` }])),
  } as unknown as DeletionSettings;
  const given = { previewId: 'p', isBlind: false, maxRecords: undefined, requestedBy: 'me', signal: undefined, ...run };
  checkRunMayBegin(settings, tenantId, given, history);
}

const withOutcome = (outcome?: ServiceOutcome) =>
  new Map([['orders', { name: 'orders', outcome }]]) as RunHistory['services'];

describe('checkRunMayBegin', () => {
  fakeDate(NOW);
  const allowed: readonly (readonly [string, Case])[] = [
    ['a fresh preview', {}],
    ['a preview that is an hour old', { ageMs: PREVIEW_LIFETIME_MS }],
    ['services in another order', { names: ['sales', 'orders'] }],
    ['no preview, where it is told to', { run: { previewId: undefined, isBlind: true } }],
    ['a preview with as many records as maxRecords', { maxRecords: 4 }],
    ['maxRecords of its own, which is more', { maxRecords: 3, run: { maxRecords: 4 } }],
    [
      'a preview with a silent service and no maxRecords',
      { previewed: [SERVICES[0]!, { service: 'sales', url: 'http://sales', status: 'failed' }] },
    ],
    ['a run before it that is complete', { runs: [{ services: withOutcome({ status: 'already_gone' }) }] }],
    [
      'a run before it that was given up',
      { runs: [{ services: withOutcome(), abandoned: { at: '2026-01-01T00:00:00.000Z', requestedBy: 'x' } }] },
    ],
    ['a run before it that used another preview', { runs: [{ previewId: 'q' }] }],
  ];
  for (const [name, given] of allowed) {
    it(`lets a run begin with ${name}`, () => {
      check(given);
    });
  }

  const silent = (status: PreviewedService['status']): readonly PreviewedService[] => [
    SERVICES[0]!,
    { service: 'sales', url: 'http://sales', status },
  ];
  const refused: readonly (readonly [string, Case, string, string?])[] = [
    ['no preview', { run: { previewId: undefined } }, 'preview_required'],
    ['a preview of another tenant', { tenantId: 'u' }, 'preview_unknown'],
    [
      'a preview of the same services elsewhere',
      { previewed: [SERVICES[0]!, { ...SERVICES[1]!, url: 'http://staging' }] },
      'preview_outdated',
    ],
    ['no preview, and maxRecords', { run: { previewId: undefined, isBlind: true }, maxRecords: 9 }, 'preview_required'],
    ['an unknown preview', { run: { previewId: 'q' } }, 'preview_unknown'],
    ['an unknown preview, even where it may go without', { run: { previewId: 'q', isBlind: true } }, 'preview_unknown'],
    ['a preview that is older than an hour', { ageMs: PREVIEW_LIFETIME_MS + 1 }, 'preview_outdated'],
    ['a service more', { names: ['orders', 'sales', 'pos'] }, 'preview_outdated'],
    ['a service less', { names: ['orders'] }, 'preview_outdated'],
    ['another service', { names: ['orders', 'pos'] }, 'preview_outdated'],
    ['a preview that was used', { runs: [{ previewId: 'p' }] }, 'preview_used', 'r0'],
    ['a preview that was refused', { previewed: silent('refused') }, 'preview_refused'],
    ['more records than maxRecords', { maxRecords: 3 }, 'too_many_records'],
    ['more records than its own maxRecords', { maxRecords: 9, run: { maxRecords: 3 } }, 'too_many_records'],
    ['any record, where none may be', { run: { maxRecords: 0 } }, 'too_many_records'],
    ['maxRecords and a service that failed', { maxRecords: 9, previewed: silent('failed') }, 'too_many_records'],
    [
      'maxRecords and a service that does not count',
      { maxRecords: 9, previewed: silent('uncounted') },
      'too_many_records',
    ],
    ['a run that is not finished', { runs: [{ services: withOutcome({ status: 'failed' }) }] }, 'run_unfinished', 'r0'],
    [
      'a run that is accepted',
      { runs: [{}, { services: withOutcome({ status: 'accepted', pollUrl: '' }) }] },
      'run_unfinished',
      'r1',
    ],
    ['a run that has asked nobody', { runs: [{ services: withOutcome() }] }, 'run_unfinished', 'r0'],
  ];
  for (const [name, given, code, runId] of refused) {
    it(`lets none begin with ${name}: ${code}`, () => {
      expect(() => {
        check(given);
      })
        .to.throw()
        .and.include({ name: 'TenantDeletionError', code, runId });
    });
  }

  it('knows an hour', () => {
    expect(PREVIEW_LIFETIME_MS).to.equal(3_600_000);
  });

  it('names who did not count, and who refused', () => {
    expect(() => {
      check({ maxRecords: 9, previewed: silent('uncounted') });
    }).to.throw(/number of sales\./);
    expect(() => {
      check({
        maxRecords: 9,
        previewed: [SERVICES[1]!, { service: 'orders', url: 'http://orders', status: 'failed' }],
      });
    }).to.throw(/number of orders\./);
    expect(() => {
      check({ previewed: silent('refused') });
    }).to.throw(/by sales\./);
  });
});
