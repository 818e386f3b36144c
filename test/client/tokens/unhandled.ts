import { expect } from 'chai';
import { turns } from '../support.js';

/**
 * Fails every test of the `describe` that calls this which leaves a rejection unhandled: mocha takes no notice of them, and a service
 * would end.
 */
export function failOnUnhandledRejection(): void {
  const seen: unknown[] = [];
  const note = (reason: unknown): void => {
    seen.push(reason);
  };
  beforeEach(() => {
    seen.length = 0;
    process.on('unhandledRejection', note);
  });
  afterEach(async () => {
    await turns();
    process.off('unhandledRejection', note);
    expect(seen.length, 'unhandled rejections').to.equal(0);
  });
}
