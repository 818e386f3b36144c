import { expect } from 'chai';
import { targetOf } from '../../../lib/cli/doctor/target-service.js';
import { KNOWN_SERVICES } from '../../../lib/shared/services.js';

describe('targetOf', () => {
  const more = [
    ...KNOWN_SERVICES,
    { name: 'archive', url: '', apiPath: '/api/v1/orders/archive', holdsTenantData: true },
  ];
  const TABLE: readonly (readonly [url: string, name: string | undefined])[] = [
    ['https://api.example.com/api/v1/orders/7', 'orders-service'],
    ['https://api.example.com/api/v1/orders', 'orders-service'],
    ['https://api.example.com/api/v1/orders/archive/7', 'archive'],
    ['https://api.example.com/api/v1/ordersx', undefined],
    ['http://orders-service:8000/x', 'orders-service'],
    ['http://orders-service.bakery.svc.cluster.local/x', 'orders-service'],
    ['http://bills-service/x', 'bills-service'],
    ['http://bills-service.example.com/x', undefined],
    ['http://archive/x', 'archive'],
    ['http://gateway:8080/x', undefined],
    ['http://127.0.0.1:8080/x', undefined],
  ];
  for (const [url, name] of TABLE) {
    it(`finds ${String(name)} in ${url}`, () => {
      expect(targetOf(new URL(url), more)).to.equal(name);
    });
  }

  it('takes an empty path for that of nobody', () => {
    const service = { name: 'all', url: '', apiPath: '', holdsTenantData: true };
    expect(targetOf(new URL('http://gateway/x'), [service])).to.equal(undefined);
  });
});
