import { expect } from 'chai';
import { warnBeforeExpiry } from '../../../lib/client/tokens/expiry-warning.js';
import { firstOf } from '../../../lib/client/tokens/first-of.js';
import { mintedToken } from '../../../lib/client/tokens/minted-token.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { fakeDate } from '../../support/clock.js';
import { newSecret } from '../../support/keys.js';
import { expectNoToken, memoryLogger, turns } from '../support.js';
import { malformedTokens, tokenEndingIn, tokenOf } from './tokens.js';

const NOW = 1_800_000_000;
const DAY = 24 * 60 * 60;

describe('warnBeforeExpiry', () => {
  const clock = fakeDate(NOW);

  it('warns of a token that has less than 30 days to live', () => {
    const logger = memoryLogger();
    const token = tokenEndingIn(30 * DAY, { service: 'orders-service' });
    warnBeforeExpiry(logger, 'SERVICE_TOKEN', token);
    expect(logger.lines).to.have.length(0);
    clock.tick(1);
    warnBeforeExpiry(logger, 'SERVICE_TOKEN', token);
    expect(logger.lines).to.deep.equal([
      {
        level: 'warn',
        message: 'Service token expires soon',
        fields: {
          service: 'orders-service',
          expires: '2027-02-14T08:00:00.000Z',
          days_left: 29,
          source: 'SERVICE_TOKEN',
        },
      },
    ]);
    expectNoToken(logger.lines, token);
  });

  const daysLeft: readonly (readonly [number, number])[] = [
    [1, 0],
    [DAY - 1, 0],
    [DAY, 1],
    [10 * DAY + 1, 10],
  ];
  for (const [seconds, days] of daysLeft) {
    it(`counts ${days} whole days in ${seconds} s`, () => {
      const logger = memoryLogger();
      warnBeforeExpiry(logger, 'SERVICE_TOKEN', tokenEndingIn(seconds));
      expect(logger.lines[0]?.fields).to.include({ days_left: days, service: 'unknown' });
    });
  }

  it('says nothing of a token that never ends, nor of what is none', () => {
    const logger = memoryLogger();
    for (const token of [tokenOf(), ...Object.values(malformedTokens())]) {
      warnBeforeExpiry(logger, 'SERVICE_TOKEN', token);
    }
    expect(logger.lines).to.have.length(0);
  });

  it('warns once a day for each logger, service and source', () => {
    const [logger, another] = [memoryLogger(), memoryLogger()];
    const warn = (): void => {
      warnBeforeExpiry(logger, 'SERVICE_TOKEN', tokenEndingIn(5 * DAY, { service: 'a' }));
    };
    warn();
    warn();
    expect(logger.lines).to.have.length(1);
    warnBeforeExpiry(logger, 'BILLING_TOKEN', tokenEndingIn(5 * DAY, { service: 'a' }));
    warnBeforeExpiry(logger, 'SERVICE_TOKEN', tokenEndingIn(5 * DAY, { service: 'b' }));
    expect(logger.lines).to.have.length(3);
    warnBeforeExpiry(another, 'SERVICE_TOKEN', tokenEndingIn(5 * DAY, { service: 'a' }));
    expect(another.lines).to.have.length(1);
    clock.tick(DAY * 1000 - 1);
    warn();
    expect(logger.lines).to.have.length(3);
    clock.tick(1);
    warn();
    expect(logger.lines).to.have.length(4);
  });

  it('says nothing of minted tokens, which renew themselves, also inside of firstOf', () => {
    const logger = memoryLogger();
    const keys = { current: newSecret() };
    const minted = mintedToken({ service: 'orders-service', keys });
    for (const source of [minted, firstOf(minted)]) {
      warnBeforeExpiry(logger, 'mintedToken', source.get() as string);
    }
    expect(logger.lines).to.have.length(0);
    warnBeforeExpiry(logger, 'SERVICE_TOKEN', createServiceToken('orders-service', { keys, expiresInSeconds: 300 }));
    expect(logger.lines).to.have.length(1);
  });

  it('does no harm with a logger that fails, and does not ask it again for every request', async () => {
    let calls = 0;
    const warn = (): unknown => {
      calls += 1;
      if (calls === 1) throw new Error('disk full');
      return Promise.reject(new Error('disk full'));
    };
    const logger = { ...memoryLogger(), warn };
    for (const service of ['a', 'a', 'b', 'b']) {
      warnBeforeExpiry(logger, 'SERVICE_TOKEN', tokenEndingIn(DAY, { service }));
    }
    await turns();
    expect(calls).to.equal(2);
  });
});
