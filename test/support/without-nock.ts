import nock from 'nock';

/**
 * Has the surrounding suite use real sockets: under nock even a permitted loopback connection is a mock one, which is never
 * used again, resets nothing and loses the reason phrase.
 */
export function withoutNock(): void {
  let wasActive = false;
  before(() => {
    wasActive = nock.isActive();
    nock.restore();
  });
  after(() => {
    if (wasActive) nock.activate();
  });
}
