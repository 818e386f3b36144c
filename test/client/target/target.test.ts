import { expect } from 'chai';
import { loadCircuitBreaker } from '../../../lib/client/target/circuit-breaker.js';
import { targetOf } from '../../../lib/client/target/target.js';

describe('targetOf', () => {
  before(loadCircuitBreaker);
  it('gives one target for an origin, whoever asks', () => {
    const target = targetOf('http://orders-service:8000');
    expect(target.origin).to.equal('http://orders-service:8000');
    expect(targetOf('http://orders-service:8000')).to.equal(target);
    expect(targetOf('http://orders-service:8001')).not.to.equal(target);
  });

  it('forgets the one that was asked for longest ago, beyond 1,000', () => {
    const [kept, forgotten] = [targetOf('http://kept'), targetOf('http://forgotten')];
    for (let i = 0; i < 999; i++) {
      targetOf(`http://other-${i}`);
      expect(targetOf('http://kept')).to.equal(kept);
    }
    expect(targetOf('http://forgotten')).not.to.equal(forgotten);
    expect(targetOf('http://kept')).to.equal(kept);
  });
});
