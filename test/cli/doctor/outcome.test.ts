import { expect } from 'chai';
import { STEPS, type StepId } from '../../../lib/cli/doctor/diagnosis.js';
import { beside, failed, type Finding, passed, skipped } from '../../../lib/cli/doctor/finding.js';
import { outcomeOf } from '../../../lib/cli/doctor/outcome.js';

function findings(special: Partial<Record<StepId, Finding>>): Readonly<Record<StepId, Finding>> {
  const all = Object.fromEntries(STEPS.map(({ id }) => [id, passed()])) as Record<StepId, Finding>;
  return { ...all, ...special };
}

describe('outcomeOf', () => {
  it('is well where nothing failed', () => {
    const { ok, verdict, steps } = outcomeOf(findings({ tls: skipped('The URL says http.') }));
    expect({ ok, verdict }).to.deep.equal({ ok: true, verdict: null });
    expect(steps.map(({ id }) => id)).to.deep.equal(STEPS.map(({ id }) => id));
  });

  it('names the first step that failed', () => {
    const { ok, verdict } = outcomeOf(findings({ guard: failed('late', 'x'), clock: failed('early', 'y') }));
    expect({ ok, verdict }).to.deep.equal({ ok: false, verdict: { step: 'clock', seen: 'early', remedy: 'y' } });
  });

  it('names what breaks the request before what is wrong beside it', () => {
    const settings = beside(failed('odd', 'x'));
    expect(outcomeOf(findings({ settings, guard: failed('late', 'y') })).verdict?.step).to.equal('guard');
    expect(outcomeOf(findings({ settings })).verdict?.step).to.equal('settings');
  });

  it('tells nobody what was beside', () => {
    expect(outcomeOf(findings({ settings: beside(failed('odd', 'x')) })).steps[0]).to.deep.equal({
      id: 'settings',
      title: 'settings are sane',
      status: 'failed',
      seen: 'odd',
      remedy: 'x',
    });
  });
});
