import { expect } from 'chai';
import { verdictOf } from '../../../lib/client/sending/try-verdict.js';

const answer = {};
const token = 'sent';

describe('verdictOf', () => {
  for (const status of [200, 204, 301, 400, 401, 403, 404, 408, 409, 422, 429, 501, 505]) {
    it(`calls a target healthy that answers ${status}`, () => {
      const failure = status < 300 ? undefined : { code: 'ERR_BAD_REQUEST', answer };
      expect(verdictOf({ token, flight: { status }, failure }, 1)).to.equal('healthy');
    });
  }

  for (const status of [500, 502, 503, 504]) {
    it(`calls a target sick that answers ${status}, accepted or not`, () => {
      expect(verdictOf({ token, flight: { status } }, 1)).to.equal('sick');
      expect(verdictOf({ token, flight: { status }, failure: { code: 'ERR_BAD_RESPONSE', answer } }, 1)).to.equal(
        'sick',
      );
    });
  }

  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE']) {
    it(`calls a target sick that fails with ${code}, before its answer or in it`, () => {
      expect(verdictOf({ token, flight: { status: undefined }, failure: { code } }, 1)).to.equal('sick');
      expect(verdictOf({ token, flight: { status: 200 }, failure: { code } }, 1)).to.equal('sick');
    });
  }

  it('calls a target sick that takes the whole time of a try, or of a request in its first', () => {
    const judge = (limit: 'try' | 'deadline', tries: number): string =>
      verdictOf({ token, flight: { status: undefined }, failure: { code: 'ETIMEDOUT', limit } }, tries);
    expect([judge('try', 1), judge('try', 2), judge('deadline', 1)]).to.deep.equal(['sick', 'sick', 'sick']);
    expect(judge('deadline', 2)).to.equal('none');
  });

  it('calls a target healthy whose answer is too big', () => {
    expect(verdictOf({ token, flight: { status: 200 }, failure: { code: 'ERR_BAD_RESPONSE' } }, 1)).to.equal('healthy');
  });

  for (const code of ['ERR_CANCELED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_BAD_REQUEST', 'HPE_INVALID_CONSTANT']) {
    it(`says nothing of a target for ${code}`, () => {
      expect(verdictOf({ token, flight: { status: undefined }, failure: { code } }, 1)).to.equal('none');
    });
  }

  it('says nothing of a target where no token could be had', () => {
    const failure = { code: 'ETIMEDOUT', limit: 'try' } as const;
    expect(verdictOf({ token: undefined, flight: { status: undefined }, failure }, 1)).to.equal('none');
  });
});
