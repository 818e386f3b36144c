import { expect } from 'chai';
import { createQuote } from '../../../lib/cli/doctor/quote.js';
import { type AudienceContext, judgeAudience } from '../../../lib/cli/doctor/token-audience.js';

const CONTEXT: AudienceContext = {
  audiences: ['orders-service'],
  service: 'sales-service',
  target: 'orders-service',
  knownServices: ['orders-service', 'sales-service'],
  isAccepted: false,
  refusal: undefined,
  quote: createQuote(undefined),
};

describe('judgeAudience', () => {
  const TABLE: readonly (readonly [what: string, change: Partial<AudienceContext>, status: string])[] = [
    ['a token for the service', {}, 'passed'],
    ['a token for the service and others', { audiences: ['x', 'orders-service'] }, 'passed'],
    ['a token for nobody in particular', { audiences: [] }, 'passed'],
    ['one that the server took', { audiences: ['sales-service'], isAccepted: true }, 'passed'],
    ['one for another service that is known', { audiences: ['sales-service'] }, 'failed'],
    ['one for somebody that may be the gateway', { audiences: ['api-gateway'] }, 'skipped'],
    ['one of which nobody knows where it goes', { target: undefined }, 'skipped'],
    ['one that was refused for it', { refusal: '403 audience_not_allowed' }, 'failed'],
  ];
  for (const [what, change, status] of TABLE) {
    it(`finds ${status}: ${what}`, () => {
      expect(judgeAudience({ ...CONTEXT, ...change }).status).to.equal(status);
    });
  }

  it('says how to mint the right one, as far as that is known', () => {
    const found = judgeAudience({ ...CONTEXT, audiences: ['sales-service'] });
    expect(found.status === 'failed' && found.remedy).to.include('generate sales-service --audience orders-service');
    const unknown = judgeAudience({ ...CONTEXT, refusal: '403', target: undefined, service: undefined });
    expect(unknown.status === 'failed' && unknown.remedy).to.include('generate <service> --audience <service>');
  });
});
