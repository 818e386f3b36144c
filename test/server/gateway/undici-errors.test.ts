import { expect } from 'chai';
import { errors } from 'undici';
import { explainUndici } from '../../../lib/server/gateway/undici-errors.js';

const LIMITS = { connectTimeoutMs: 30, responseTimeoutMs: 70 };

describe('explainUndici', () => {
  for (const { error, failure, message } of [
    {
      error: new errors.ConnectTimeoutError(),
      failure: 'upstream_unreachable',
      message: 'No connection within 30 ms.',
    },
    { error: new errors.HeadersTimeoutError(), failure: 'upstream_timeout', message: 'No response head within 70 ms.' },
    {
      error: new errors.SocketError('other side closed'),
      failure: 'upstream_unreachable',
      message: 'The connection was closed without an answer.',
    },
  ]) {
    it(`says of ${error.code} what it means`, () => {
      const explained = explainUndici(error, LIMITS);
      expect([explained.failure, explained.cause.message]).to.deep.equal([failure, message]);
    });
  }

  it('leaves other errors as they are', () => {
    const error = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    expect(explainUndici(error, LIMITS)).to.deep.equal({ failure: 'upstream_unreachable', cause: error });
  });
});
