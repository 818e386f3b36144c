import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { createRouteTable, type RouteTarget, routeSetting } from '../../../lib/server/gateway/routes.js';
import { newSecret } from '../../support/keys.js';
import { misconfiguredBy } from '../../support/refusals.js';

const ORDERS = 'http://orders-service:8000';

describe('createRouteTable', () => {
  describe('match', () => {
    const table = createRouteTable({
      '/api': 'http://front-service',
      '/api/v1/orders': ORDERS,
      '/api/v1/orders/archive': 'http://archive-service',
      '/static/.well-known/a..b;c': 'http://static-service',
    });
    const serviceOf = (path: string): string | undefined => table.match(path)?.service;

    for (const [path, service] of [
      ['/api/v1/orders', 'orders-service'],
      ['/api/v1/orders/', 'orders-service'],
      ['/api/v1/orders/7', 'orders-service'],
      ['/api/v1/orders/archive', 'archive-service'],
      ['/api/v1/orders/archive/7', 'archive-service'],
      ['/api/v1/orders/archives', 'orders-service'],
      ['/api/v1/ordersX', 'front-service'],
      ['/api/v1/orders;x', 'front-service'],
      ['/api/v1/Orders', 'front-service'],
      ['/api', 'front-service'],
      ['/apis', undefined],
      ['/API/v1/orders', undefined],
      ['/', undefined],
      ['', undefined],
      ['*', undefined],
      ['http://gateway/api/v1/orders', undefined],
      ['/static/.well-known/a..b;c/d', 'static-service'],
    ] as const) {
      it(`finds ${service ?? 'nothing'} for ${path || 'the empty path'}`, () => {
        expect(serviceOf(path)).to.equal(service);
      });
    }

    it('finds the longest prefix, in whatever order they were given', () => {
      const reversed = createRouteTable({
        '/a/b': 'http://long-service',
        '/a': 'http://short-service',
        '/': 'http://rest-service',
      });
      expect(['/a/b/c', '/a/c', '/b', '/'].map((path) => reversed.match(path)?.service)).to.deep.equal([
        'long-service',
        'short-service',
        'rest-service',
        'rest-service',
      ]);
    });

    it('sends every path, and nothing else, to a route for /', () => {
      const all = createRouteTable({ '/': ORDERS });
      expect(all.match('/')?.prefix).to.equal('');
      expect(all.match('/a')?.service).to.equal('orders-service');
      expect(all.match('*')).to.equal(undefined);
      expect(all.match('http://gateway/a')).to.equal(undefined);
    });
  });

  for (const [target, service, origin] of [
    [ORDERS, 'orders-service', 'http://orders-service:8000'],
    ['http://orders-service:8000/', 'orders-service', 'http://orders-service:8000'],
    [
      'HTTPS://Orders-Service.shop.svc.cluster.local',
      'orders-service',
      'https://orders-service.shop.svc.cluster.local',
    ],
    [{ url: ORDERS }, 'orders-service', 'http://orders-service:8000'],
    [{ url: ORDERS, service: undefined }, 'orders-service', 'http://orders-service:8000'],
    [{ url: 'http://10.0.0.7:8000', service: 'sales-service' }, 'sales-service', 'http://10.0.0.7:8000'],
    [{ url: 'http://[::1]:8000', service: 'sales-service' }, 'sales-service', 'http://[::1]:8000'],
    [{ url: 'http://localhost:8000', service: 'sales-service' }, 'sales-service', 'http://localhost:8000'],
    [{ url: 'http://orders_service:8000', service: 'sales-service' }, 'sales-service', 'http://orders_service:8000'],
  ] as const) {
    it(`reads ${JSON.stringify(target)}`, () => {
      const route = createRouteTable({ '/a': target }).match('/a');
      expect(route?.service).to.equal(service);
      expect(route?.target.origin.origin).to.equal(origin);
    });
  }

  it('gives each route an agent of its own, of its scheme, that keeps connections', () => {
    const table = createRouteTable({ '/a': ORDERS, '/b': ORDERS, '/c': 'https://orders-service' });
    const [a, b, c] = ['/a', '/b', '/c'].map((path) => table.match(path)?.target.agent);
    expect(a).to.be.an.instanceOf(HttpAgent).and.not.equal(b);
    expect(a).not.to.be.an.instanceOf(HttpsAgent);
    expect(c).to.be.an.instanceOf(HttpsAgent);
    for (const agent of [a, c]) {
      expect(agent).to.include({ maxSockets: 256, maxFreeSockets: 64, scheduling: 'lifo' });
      // Less than the 5 s after which Node's servers close an idle connection.
      expect((agent as unknown as { options: object }).options).to.include({ keepAlive: true, timeout: 4_000 });
    }
  });

  describe('refuses', () => {
    const settingOf = (routes: unknown): string =>
      misconfiguredBy(() => createRouteTable(routes as Readonly<Record<string, RouteTarget>>));

    for (const routes of [undefined, null, {}, [], '', ORDERS, 7, new Map([['/a', ORDERS]])]) {
      it(`${inspect(routes)} as routes`, () => {
        expect(settingOf(routes)).to.equal('routes');
      });
    }

    for (const prefix of [
      ...[
        '',
        'api',
        'api/v1',
        '*',
        '/a/',
        '//',
        '/a//b',
        '/a/../b',
        '/a/.',
        '/a?x',
        '/a?',
        '/a b',
        '/a#b',
        '/é',
        '/a\\b',
      ],
      ...['/%20', '/%2e', '/a%', 'http://orders-service/a', '/a\n', `/${'a'.repeat(9000)}`],
    ]) {
      it(`the prefix ${JSON.stringify(prefix.slice(0, 40))}`, () => {
        expect(settingOf({ '/fine': ORDERS, [prefix]: ORDERS })).to.equal(routeSetting(prefix));
      });
    }

    for (const url of [
      ...[
        '',
        'orders-service',
        'orders-service:8000',
        '//orders-service',
        'ftp://orders-service',
        'ws://orders-service',
      ],
      ...[
        'file:///etc/passwd',
        'unix:/run/orders.sock',
        'http://',
        'http:// x',
        undefined,
        null,
        7,
        {},
        new URL(ORDERS),
      ],
      ...[`${ORDERS}/api`, `${ORDERS}/a/`, `${ORDERS}?x=1`, `${ORDERS}#x`],
      ...['http://ana@orders-service', 'http://ana:pw@orders-service', 'http://:pw@orders-service'],
      ...['http://10.0.0.7:8000', 'http://[::1]:8000', 'http://127.1', 'http://0x7f000001', 'http://localhost:8000'],
      ...['http://localhost.', 'http://LOCALHOST', 'http://localhost.localdomain'],
    ]) {
      it(`the URL ${inspect(url)} without a service name`, () => {
        expect(settingOf({ '/a': { url } })).to.equal("routes['/a']");
      });
    }

    for (const url of ['http://1orders', 'http://orders_service:8000', 'http://a--b', `http://${'a'.repeat(64)}`]) {
      it(`the URL ${url}, whose first label is no service name`, () => {
        expect(settingOf({ '/a': url })).to.equal("routes['/a'] (the first label of its host)");
      });
    }

    for (const service of ['', 'Orders', 'orders.service', 'orders service', '__proto__', null, 7, ['orders']]) {
      it(`the service name ${JSON.stringify(service)}`, () => {
        expect(settingOf({ '/a': { url: ORDERS, service } })).to.equal("routes['/a'].service");
      });
    }

    for (const target of [undefined, null, 7, true, [ORDERS]]) {
      it(`${inspect(target)} as a target`, () => {
        expect(settingOf({ '/a': target })).to.equal('options');
      });
    }

    it('an unknown option of a target, naming the right one', () => {
      expect(settingOf({ '/a': { url: ORDERS, servce: 'orders-service' } })).to.equal("'servce'");
      expect(() => createRouteTable({ '/a': { url: ORDERS, servce: 'x' } as RouteTarget })).to.throw(
        TypeError,
        "'service'",
      );
    });

    it('a URL with a password without repeating it', () => {
      expect(() => createRouteTable({ '/a': 'http://ana:hunter2@orders-service' }))
        .to.throw(TypeError)
        .with.property('message')
        .not.include('hunter2');
    });
  });

  it('names no prefix that may be a secret in the wrong place', () => {
    expect(routeSetting('/api/v1/orders')).to.equal("routes['/api/v1/orders']");
    expect(routeSetting(newSecret())).to.equal("routes['…']");
    expect(routeSetting(`/api/${newSecret()}`)).to.equal("routes['…']");
  });
});
