import { expect } from 'chai';
import { createLifetime } from '../../lib/client/client-lifetime.js';
import { RequestFailure } from '../../lib/client/sending/request-failure.js';
import { turns } from './support.js';

describe('createLifetime', () => {
  it('begins what it is asked to until it is closed', async () => {
    const lifetime = createLifetime();
    lifetime.begin()();
    await lifetime.close();
    expect(() => lifetime.begin())
      .to.throw(RequestFailure)
      .and.include({ code: 'ERR_CLIENT_CLOSED' });
  });

  it('is closed when all that was begun has ended, however often each says so', async () => {
    const lifetime = createLifetime();
    const [first, second] = [lifetime.begin(), lifetime.begin()];
    let closed = 0;
    void lifetime.close().then(() => closed++);
    void lifetime.close().then(() => closed++);
    first();
    first();
    await turns();
    expect(closed).to.equal(0);
    second();
    await turns();
    expect(closed).to.equal(2);
    await lifetime.close();
  });
});
