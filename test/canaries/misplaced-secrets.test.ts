import { expect } from 'chai';
import { createCanaryRegistry } from '../support/canary-registry.js';
import { leaksOf } from '../support/canary-renderings.js';
import { newSecret } from '../support/keys.js';
import { serviceToken } from '../support/proofs.js';
import { misplace } from './misplaced-secrets.js';

describe('no rendering of the error that says what is wrong shows', () => {
  // K8
  const secret = newSecret();
  const token = serviceToken(secret);
  const registry = createCanaryRegistry();
  registry.addText(secret, 'the secret');
  registry.addBytes(Buffer.from(secret), 'the secret');
  registry.addText(token, 'the token');
  registry.addToken(token, 'the token');

  function expectClean(thrown: readonly unknown[]): void {
    const distinct = new Map(thrown.map((error) => [String(error), error]));
    expect(distinct.size).to.be.greaterThan(80);
    expect([...distinct.values()].flatMap((error) => leaksOf(error, registry))).to.deep.equal([]);
  }

  it('a secret that was given to the wrong option', () => {
    // Not where a name belongs, which the error repeats: no one can tell it from a name.
    expectClean(misplace(secret, secret, false));
  });

  it('a token that was given to the wrong option, or where a name belongs', () => {
    expectClean(misplace(token, secret, true));
  });
});
