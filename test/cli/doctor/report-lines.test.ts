import { expect } from 'chai';
import type { DoctorReport } from '../../../lib/cli/doctor/diagnosis.js';
import { reportLines } from '../../../lib/cli/doctor/report-lines.js';

const WELL: DoctorReport = {
  url: 'http://gateway/a',
  ok: true,
  verdict: null,
  steps: [
    { id: 'settings', title: 'settings are sane', status: 'passed', seen: 'SERVICE_TOKEN' },
    { id: 'name', title: 'the host name resolves', status: 'passed' },
  ],
  answer: { status: 200, by: 'service', requestId: 'doctor-1', ms: 12 },
};
const BROKEN: DoctorReport = {
  url: 'http://service/a',
  ok: false,
  verdict: { step: 'name', seen: 'bell\u0007', remedy: 'Mend it.' },
  steps: [
    { id: 'settings', title: 'settings are sane', status: 'skipped', why: 'no time' },
    { id: 'name', title: 'the host name resolves', status: 'failed', seen: 'bell\u0007', remedy: 'Mend it.' },
  ],
};

describe('reportLines', () => {
  it('has a line for each step, the answer and the verdict', () => {
    expect(reportLines(WELL)).to.deep.equal([
      'ok       settings are sane       SERVICE_TOKEN',
      'ok       the host name resolves',
      '',
      'Answer: 200, by the service, 12 ms, request id doctor-1',
      '',
      'All is well.',
    ]);
    const refused = { ...WELL, answer: { status: 401, by: 'gateway', code: 'invalid_token', ms: 3 } } as const;
    expect(reportLines(refused)).to.include('Answer: 401 invalid_token, by the gateway, 3 ms');
  });

  it('says which answer it is, where that with the token was lost', () => {
    const lost = { ...BROKEN, answer: { status: 401, by: 'gateway', ms: 3, withoutToken: true } } as const;
    expect(reportLines(lost)).to.include('Answer without the token: 401, by the gateway, 3 ms');
  });

  it('says where it breaks, and shows foreign text as text', () => {
    expect(reportLines(BROKEN)).to.deep.equal([
      'skipped  settings are sane       no time',
      'FAILED   the host name resolves  bell\\u{7}',
      '',
      'It breaks here: the host name resolves (name)',
      '  Seen:    bell\\u{7}',
      '  Remedy:  Mend it.',
    ]);
  });

  it('says how much was not looked at', () => {
    const partly = { ...BROKEN, ok: true, verdict: null };
    expect(reportLines(partly).at(-1)).to.equal('All is well, as far as it was looked at; 1 step was skipped.');
    const lost = { ...partly, steps: [...partly.steps, ...partly.steps] };
    expect(reportLines(lost).at(-1)).to.equal('All is well, as far as it was looked at; 2 steps were skipped.');
  });

  it('shows two ways in turn, what is here only once, and what they say together', () => {
    expect(reportLines({ ...WELL, direct: BROKEN, conclusion: 'So it is.' })).to.deep.equal([
      'Through the gateway: http://gateway/a',
      ...reportLines(WELL),
      '',
      'Directly: http://service/a',
      'FAILED   the host name resolves  bell\\u{7}',
      ...reportLines(BROKEN).slice(2),
      '',
      'Together: So it is.',
    ]);
  });
});
