import { expect } from 'chai';
import type { DiagnosedStep, Diagnosis, StepId } from '../../../lib/cli/doctor/diagnosis.js';
import { isUnproven, shutBy } from '../../../lib/cli/doctor/shut-by.js';

const failedAt = (id: StepId, code?: string): DiagnosedStep => ({
  id,
  title: '',
  status: 'failed',
  seen: 'Seen.',
  remedy: 'Mend.',
  ...(code !== undefined && { code }),
});

function broken(steps: readonly DiagnosedStep[], code?: string): Diagnosis {
  const first = steps.find(({ status }) => status === 'failed');
  return {
    url: 'http://a/b',
    ok: first === undefined,
    verdict: first === undefined ? null : { step: first.id, seen: '', remedy: '' },
    steps,
    answer: code === undefined ? undefined : { status: 401, by: 'service', code, ms: 1 },
  };
}

const REFUSED = failedAt('connection', 'ECONNREFUSED');
const TRUST = failedAt('trust');
const THROUGH: DiagnosedStep = { id: 'gateway', title: '', status: 'passed' };
const PAST: DiagnosedStep = { id: 'gateway', title: '', status: 'skipped', why: 'None is there.' };

describe('shutBy', () => {
  it('takes a refused connection, or a service without a key of tokens, for what may be meant', () => {
    expect(shutBy(broken([REFUSED]))).to.equal('refused');
    expect(shutBy(broken([PAST, TRUST], 'unproven_identity'))).to.equal('unproven');
  });

  const OTHERS: readonly (readonly [what: string, direct: Diagnosis])[] = [
    ['what is well', broken([PAST])],
    ['a port that is silent', broken([failedAt('connection')])],
    ['other keys', broken([PAST, TRUST], 'invalid_token')],
    ['a guard', broken([PAST, failedAt('guard')])],
    ['a service without keys behind another gateway', broken([THROUGH, TRUST], 'unproven_identity')],
    ['a refused connection beside something else', broken([failedAt('settings'), REFUSED])],
    ['a service without keys beside something else', broken([failedAt('clock'), TRUST], 'unproven_identity')],
  ];
  for (const [what, direct] of OTHERS) {
    it(`does not take for it ${what}`, () => {
      expect(shutBy(direct)).to.equal(undefined);
    });
  }
});

describe('isUnproven', () => {
  it('tells a service without a key of tokens from all else', () => {
    expect(isUnproven(broken([TRUST], 'unproven_identity'))).to.equal(true);
    expect(isUnproven(broken([TRUST]))).to.equal(false);
    expect(isUnproven(broken([failedAt('guard')], 'unproven_identity'))).to.equal(false);
  });
});
