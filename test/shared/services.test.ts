import { expect } from 'chai';
import { checkServiceName, isServiceName, KNOWN_SERVICES, ORCHESTRATOR_NAME } from '../../lib/shared/services.js';
import { misconfiguredBy } from '../support/refusals.js';

const GOOD = ['a', 'pos', 'orders-service', 'a1', 'a-1', 'x9-y-z0', 'a'.repeat(63), 'constructor'];

// H12
const BAD: readonly unknown[] = [
  '',
  'A',
  'Orders-service',
  'orders_service',
  'orders.service',
  'orders service',
  ' orders',
  'orders ',
  'orders\n',
  '-orders',
  'orders-',
  'orders--service',
  '1orders',
  '../orders',
  'а-service',
  'a'.repeat(64),
  '__proto__',
  'ordérs',
  undefined,
  null,
  7,
  ['orders'],
  {},
];

describe('isServiceName', () => {
  for (const name of GOOD) it(`accepts ${name}`, () => expect(isServiceName(name)).to.equal(true));
  for (const name of BAD) it(`refuses ${JSON.stringify(name)}`, () => expect(isServiceName(name)).to.equal(false));
});

describe('checkServiceName', () => {
  it('returns a good name', () => {
    for (const name of GOOD) expect(checkServiceName('service', name)).to.equal(name);
  });

  it('names the setting that holds a bad one', () => {
    for (const name of BAD)
      expect(misconfiguredBy(() => checkServiceName('SERVICE_NAME', name))).to.equal('SERVICE_NAME');
  });
});

describe('KNOWN_SERVICES', () => {
  it('lists the orchestrator and fourteen others, each with its path', () => {
    expect(KNOWN_SERVICES.map(({ name, apiPath }) => `${name} ${apiPath}`)).to.deep.equal([
      'tenant-deletion-orchestrator /api/v1/tenant-deletion',
      'auth-service /api/v1/auth',
      'tenant-service /api/v1/tenant',
      'orders-service /api/v1/orders',
      'inventory-service /api/v1/inventory',
      'recipes-service /api/v1/recipes',
      'sales-service /api/v1/sales',
      'production-service /api/v1/production',
      'suppliers-service /api/v1/suppliers',
      'pos-service /api/v1/pos',
      'external-service /api/v1/external',
      'forecasting-service /api/v1/forecasting',
      'training-service /api/v1/training',
      'alert-processor-service /api/v1/alert-processor',
      'notification-service /api/v1/notification',
    ]);
  });

  it('has twelve that hold data of tenants: not the orchestrator, and not those that say who somebody is', () => {
    const without = KNOWN_SERVICES.filter(({ holdsTenantData }) => !holdsTenantData).map(({ name }) => name);
    expect(without).to.deep.equal([ORCHESTRATOR_NAME, 'auth-service', 'tenant-service']);
    expect(KNOWN_SERVICES.length - without.length).to.equal(12);
  });

  it('holds good names only, and cannot be changed', () => {
    expect(KNOWN_SERVICES.every(({ name }) => isServiceName(name))).to.equal(true);
    expect(Object.isFrozen(KNOWN_SERVICES) && KNOWN_SERVICES.every((service) => Object.isFrozen(service))).to.equal(
      true,
    );
  });
});
