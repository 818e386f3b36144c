import { expect } from 'chai';
import { newFlight, type TryFlight } from '../../../lib/client/sending/try-flight.js';
import { type JudgedTry, verdictOf } from '../../../lib/client/sending/try-verdict.js';

const answer = {};

/** A try that was sent whole, and judged with a second's patience after two. */
function judge(
  flight: Partial<TryFlight>,
  failure?: JudgedTry['failure'],
  more: Partial<Pick<JudgedTry, 'token' | 'durationMs'>> = {},
): string {
  const whole = { ...newFlight(), isSent: true, isWritten: true, hasSocket: true, ...flight };
  return verdictOf({ flight: whole, failure, token: 'sent', durationMs: 2000, ...more }, 1000);
}

describe('verdictOf', () => {
  for (const status of [200, 204, 301, 400, 401, 403, 404, 408, 409, 422, 429, 501, 505]) {
    it(`calls a target healthy that answers ${status}`, () => {
      expect(judge({ status }, status < 300 ? undefined : { code: 'ERR_BAD_REQUEST', answer })).to.equal('healthy');
    });
  }

  for (const status of [500, 502, 503, 504]) {
    it(`calls a target sick that answers ${status}, accepted or not`, () => {
      expect(judge({ status })).to.equal('sick');
      expect(judge({ status }, { code: 'ERR_BAD_RESPONSE', answer })).to.equal('sick');
    });
  }

  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE']) {
    it(`calls a target sick that fails with ${code}, before its answer or in it`, () => {
      expect(judge({}, { code })).to.equal('sick');
      expect(judge({ status: 200 }, { code })).to.equal('sick');
    });
  }

  for (const limit of ['try', 'deadline'] as const) {
    const failure = { code: 'ETIMEDOUT', limit };

    it(`calls a target sick that has the whole request, or does not take the connection, and is silent to the ${limit}'s end`, () => {
      expect(judge({}, failure)).to.equal('sick');
      expect(judge({ isSent: false, isWritten: false }, failure)).to.equal('sick');
    });

    it(`says nothing of a target that had no time, no connection or no whole request at the ${limit}'s end`, () => {
      expect(judge({}, failure, { durationMs: 999 })).to.equal('none');
      expect(judge({ isSent: false, isWritten: false, hasSocket: false }, failure)).to.equal('none');
      expect(judge({ isWritten: false }, failure)).to.equal('none');
    });
  }

  it('calls a target healthy whose answer is too big', () => {
    expect(judge({ status: 200 }, { code: 'ERR_BAD_RESPONSE' })).to.equal('healthy');
  });

  for (const code of ['ERR_CANCELED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_BAD_REQUEST', 'HPE_INVALID_CONSTANT']) {
    it(`says nothing of a target for ${code}`, () => {
      expect(judge({}, { code })).to.equal('none');
    });
  }

  it('says nothing of a target where nothing was sent, or the body failed', () => {
    expect(judge({}, { code: 'ETIMEDOUT', limit: 'try' }, { token: undefined })).to.equal('none');
    expect(judge({ isBodyBroken: true }, { code: 'ECONNRESET' })).to.equal('none');
  });
});
