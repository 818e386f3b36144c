import { expect } from 'chai';
import { judgePreview, previewOf } from '../../../lib/client/tenant-deletion/deletion-preview.js';
import type { PreviewedService } from '../../../lib/client/tenant-deletion/ledger/ledger-records.js';
import type { ServiceAnswer, Speaker } from '../../../lib/client/tenant-deletion/service-answer.js';
import { serviceAnswer } from './support.js';

const SPEAKERS: readonly Speaker[] = ['service', 'unclear', 'between'];
const judged = (given: Partial<ServiceAnswer>): string => judgePreview(serviceAnswer(given)).status;

describe('judgePreview', () => {
  for (const [status, expected] of [
    [undefined, 'failed'],
    [200, 'uncounted'],
    [201, 'failed'],
    [202, 'failed'],
    [204, 'failed'],
    [302, 'failed'],
    [400, 'failed'],
    [401, 'refused'],
    [403, 'refused'],
    [405, 'failed'],
    [500, 'failed'],
    [503, 'failed'],
  ] as const) {
    it(`takes ${String(status)} for ${expected}, whoever says it`, () => {
      for (const speaker of SPEAKERS) expect(judged({ status, speaker }), speaker).to.equal(expected);
    });
  }

  for (const status of [404, 410]) {
    it(`believes ${status} a service alone`, () => {
      expect(SPEAKERS.map((speaker) => judged({ status, speaker }))).to.deep.equal(['nothing', 'failed', 'failed']);
    });
  }

  it('keeps what was counted', () => {
    const body = { counts: { a: 2, b: 0 } };
    expect(judgePreview(serviceAnswer({ status: 200, speaker: 'unclear', body }))).to.deep.equal({
      status: 'counted',
      httpStatus: 200,
      counts: { a: 2, b: 0 },
      total: 2,
    });
    expect(judgePreview(serviceAnswer({ status: 200, body: { total: 3 } }))).to.deep.equal({
      status: 'counted',
      httpStatus: 200,
      total: 3,
    });
    expect(judged({ status: 200, body: { counts: {} } })).to.equal('counted');
  });

  it('keeps what else was said', () => {
    const answer = serviceAnswer({ status: 404, speaker: 'service', code: 'tenant_not_found', detail: 'Gone.' });
    expect(judgePreview(answer)).to.deep.equal({
      status: 'nothing',
      httpStatus: 404,
      code: 'tenant_not_found',
      detail: 'Gone.',
      total: 0,
    });
    expect(judgePreview(serviceAnswer())).to.deep.equal({ status: 'failed' });
  });
});

describe('previewOf', () => {
  const of = (...services: readonly PreviewedService[]) =>
    previewOf({ type: 'preview', previewId: 'p', tenantId: 't', at: 'then', services });
  const counted: PreviewedService = { service: 'a', status: 'counted', total: 2 };

  it('adds up what was counted', () => {
    expect(of(counted, counted, { service: 'b', status: 'nothing', total: 0 })).to.deep.include({
      previewId: 'p',
      tenantId: 't',
      takenAt: 'then',
      total: 4,
      isComplete: true,
    });
  });

  for (const status of ['uncounted', 'refused', 'failed'] as const) {
    it(`is not complete where a service is ${status}`, () => {
      expect(of(counted, { service: 'b', status })).to.include({ total: 2, isComplete: false });
      expect(of(counted)).to.include({ total: 2, isComplete: true });
    });
  }
});
