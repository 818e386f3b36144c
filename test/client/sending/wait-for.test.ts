import { expect } from 'chai';
import { waitFor } from '../../../lib/client/sending/wait-for.js';
import { anyRejectionOf } from '../support.js';

describe('waitFor', () => {
  const never = new Promise<string>(() => undefined);

  it('gives what the promise gives', async () => {
    const { signal } = new AbortController();
    expect(await waitFor(Promise.resolve('a'), signal)).to.equal('a');
    const error = new Error('mine');
    expect(await anyRejectionOf(waitFor(Promise.reject(error), signal))).to.equal(error);
  });

  it('does not wait after an abort, before it or meanwhile', async () => {
    const controller = new AbortController();
    const waiting = waitFor(never, controller.signal);
    controller.abort();
    expect(await anyRejectionOf(waiting)).to.include({ code: 'ERR_CANCELED' });
    expect(await anyRejectionOf(waitFor(never, controller.signal))).to.include({ code: 'ERR_CANCELED' });
  });
});
