import { createPrivateKey, createSecretKey } from 'node:crypto';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { FORWARD_TIMEOUTS } from '../../../lib/server/gateway/forward-options.js';
import { gatewayAuth } from '../../../lib/server/gateway/gateway-auth.js';
import {
  type GatewayAuthOptions,
  type GatewayOptions,
  resolveGateway,
  resolveGatewayAuth,
} from '../../../lib/server/gateway/gateway-options.js';
import { gateway } from '../../../lib/server/gateway/gateway.js';
import { createKeyRing } from '../../../lib/shared/key-ring.js';
import { inEnvironment } from '../../support/in-environment.js';
import { newEcPair, newRsaPair, newSecret, type TestPair } from '../../support/keys.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { misconfiguredBy, thrownBy } from '../../support/refusals.js';

const secret = newSecret();
const routes = { '/api/v1/orders': 'http://orders-service:8000' };
const good: GatewayOptions = { keys: secret, routes };

/** Makes a gateway with these options beside good ones, and returns the setting that is refused. */
const refusedBy = (options: object): string => misconfiguredBy(() => gateway({ ...good, ...options }));
const accepts = (options: object): void => {
  gateway({ ...good, ...options });
};

describe('gateway: options', () => {
  it('takes keys and routes and has limits of its own (the twin of all below)', () => {
    const { timeouts, name, forwardAuthorization } = resolveGateway(good);
    expect(timeouts).to.deep.equal(FORWARD_TIMEOUTS);
    expect(FORWARD_TIMEOUTS).to.deep.equal({
      connectTimeoutMs: 5_000,
      responseTimeoutMs: 30_000,
      idleTimeoutMs: 60_000,
    });
    expect({ name, forwardAuthorization }).to.deep.equal({ name: 'gateway', forwardAuthorization: false });
  });

  for (const options of [undefined, null, 7, 'x', []]) {
    it(`refuses ${inspect(options)} in place of options`, () => {
      expect(misconfiguredBy(() => gateway(options as unknown as GatewayOptions))).to.equal('options');
    });
  }

  it('takes undefined for absent', () => {
    accepts({
      name: undefined,
      public: undefined,
      connectTimeoutMs: undefined,
      logger: undefined,
      revocations: undefined,
    });
  });

  it('refuses an unknown option and names the right one', () => {
    expect(refusedBy({ route: routes })).to.equal("'route'");
    expect(thrownBy(() => gateway({ ...good, responseTimoutMs: 1 } as GatewayOptions))).to.match(/'responseTimeoutMs'/);
    expect(thrownBy(() => gateway({ ...good, service: 'x' } as GatewayOptions))).to.match(
      /Known options: .*assertionKeys/,
    );
  });

  it('refuses to start without the keys of tokens', () => {
    expect(refusedBy({ keys: undefined })).to.equal('keys');
    expect(thrownBy(() => gateway({ routes }))).to.match(/JWT_SECRET_KEY/);
  });

  it('takes keys and name from the environment', () => {
    const settings = inEnvironment({ JWT_SECRET_KEY: secret, SERVICE_NAME: 'edge-gateway' }, () =>
      resolveGateway({ routes }),
    );
    expect(settings.name).to.equal('edge-gateway');
    const named = inEnvironment({ SERVICE_NAME: 'edge-gateway' }, () =>
      resolveGateway({ ...good, name: 'api-gateway' }),
    );
    expect(named.name).to.equal('api-gateway');
  });

  it('refuses a variable that is set but empty', () => {
    for (const name of ['JWT_SECRET_KEY', 'SERVICE_NAME']) {
      expect(
        inEnvironment({ [name]: '' }, () =>
          misconfiguredBy(() =>
            gateway({ ...good, keys: undefined, ...(name === 'SERVICE_NAME' && { keys: secret }) }),
          ),
        ),
      ).to.equal(name);
    }
  });

  for (const name of ['', 'Gateway', 'api gateway', 'a'.repeat(64), null, 7]) {
    it(`refuses the name ${JSON.stringify(name)}`, () => {
      expect(refusedBy({ name })).to.equal('name');
    });
  }

  for (const [name, max] of [
    ['connectTimeoutMs', 600_000],
    ['responseTimeoutMs', 600_000],
    ['idleTimeoutMs', 3_600_000],
  ] as const) {
    it(`takes ${name} from 1 to ${max}`, () => {
      for (const value of [1, max]) expect(resolveGateway({ ...good, [name]: value }).timeouts[name]).to.equal(value);
    });
    for (const value of [0, -1, 1.5, max + 1, Number.NaN, Number.POSITIVE_INFINITY, '5', null, [5]]) {
      it(`refuses ${String(value)} as ${name}`, () => {
        expect(refusedBy({ [name]: value })).to.equal(name);
      });
    }
  }

  for (const [name, values] of Object.entries({
    routes: [undefined, null, {}],
    public: ['GET /health', ['health'], ['GET /a?b']],
    forwardAuthorization: ['yes', 1, 'false'],
    clockToleranceSeconds: [-1, 61, '5', Number.NaN],
    cacheSize: [-1, 1_000_001, 0.5],
    revocations: [{}, [], null, 'x'],
    logger: [{}, console.log, null],
  })) {
    for (const value of values) {
      it(`refuses ${inspect(value)} as ${name}`, () => {
        expect(refusedBy({ [name]: value })).to.equal(name);
      });
    }
  }

  it('takes the good twins of these', () => {
    accepts({
      public: [],
      forwardAuthorization: true,
      clockToleranceSeconds: 0,
      cacheSize: 0,
      logger: recordingLogger(),
    });
    accepts({
      public: ['GET /a'],
      forwardAuthorization: false,
      clockToleranceSeconds: 60,
      cacheSize: 1_000_000,
      logger: console,
    });
    accepts({ revocations: { isRevoked: () => false } });
  });

  describe('assertionKeys', () => {
    let ec: TestPair;
    let rsa: TestPair;
    before(() => {
      ec = newEcPair();
      rsa = newRsaPair();
    });

    it('are needed where the current key of tokens is a key pair', () => {
      expect(refusedBy({ keys: ec.privatePem })).to.equal('assertionKeys');
      expect(refusedBy({ keys: { current: ec.privatePem, previous: secret } })).to.equal('assertionKeys');
      accepts({ keys: ec.privatePem, assertionKeys: secret });
      accepts({ keys: ec.privatePem, assertionKeys: newEcPair().privatePem });
      accepts({ keys: { current: secret, previous: ec.publicPem } });
    });

    it('are needed where the ring of tokens has no current key, or one that is bound to a service', () => {
      expect(refusedBy({ keys: { previous: secret } })).to.equal('assertionKeys');
      expect(refusedBy({ keys: { current: { key: secret, service: 'orders-service' } } })).to.equal('assertionKeys');
      accepts({ keys: { previous: secret }, assertionKeys: newSecret() });
    });

    it('must have a current key that may sign', () => {
      expect(refusedBy({ assertionKeys: { previous: newSecret() } })).to.equal('assertionKeys');
      expect(refusedBy({ assertionKeys: { key: newSecret(), service: 'orders-service' } })).to.equal('assertionKeys');
      expect(refusedBy({ assertionKeys: { current: ec.publicPem } })).to.equal('assertionKeys.current');
      accepts({ assertionKeys: newSecret() });
    });

    it('may not share a key with those of tokens', () => {
      expect(refusedBy({ assertionKeys: secret })).to.equal('assertionKeys');
      expect(refusedBy({ assertionKeys: { key: secret, algorithm: 'HS384', kid: 'other' } })).to.equal('assertionKeys');
      expect(refusedBy({ assertionKeys: createSecretKey(Buffer.from(secret)) })).to.equal('assertionKeys');
      expect(refusedBy({ assertionKeys: { current: newSecret(), previous: secret } })).to.equal('assertionKeys');
      expect(refusedBy({ keys: { current: newSecret(), previous: secret }, assertionKeys: secret })).to.equal(
        'assertionKeys',
      );
      expect(refusedBy({ keys: ec.privatePem, assertionKeys: ec.privatePem })).to.equal('assertionKeys');
      expect(
        refusedBy({
          keys: createKeyRing({ previous: ec.publicPem }),
          assertionKeys: createKeyRing({ current: ec.privateKey }),
        }),
      ).to.equal('assertionKeys');
      accepts({ assertionKeys: { current: newSecret(), previous: newSecret() } });
    });

    // Comparing keys of two types leaves an error in OpenSSL's queue, which the next createPrivateKey throws.
    it('may be of another type than those of tokens', () => {
      accepts({ keys: rsa.privatePem, assertionKeys: ec.privatePem });
      createPrivateKey(ec.privatePem);
      accepts({ keys: ec.privatePem, assertionKeys: rsa.privatePem });
      createPrivateKey(rsa.privatePem);
    });
  });
});

describe('gatewayAuth: options', () => {
  const make = (options: object): string =>
    misconfiguredBy(() => gatewayAuth({ keys: secret, service: null, ...options }));

  it('takes no options where the environment has the keys', () => {
    inEnvironment({ JWT_SECRET_KEY: secret }, () => gatewayAuth());
    expect(misconfiguredBy(() => gatewayAuth())).to.equal('keys');
  });

  it('refuses an unknown option, also one of gateway()', () => {
    expect(make({ routes })).to.equal("'routes'");
    expect(make({ services: 'orders-service' })).to.equal("'services'");
    expect(make({ responseTimeoutMs: 1 })).to.equal("'responseTimeoutMs'");
  });

  for (const service of ['', 'Orders', 'orders service', 7, {}, ['orders-service'], true]) {
    it(`refuses ${JSON.stringify(service)} as service`, () => {
      expect(make({ service })).to.equal('service');
    });
  }

  it('warns once where no service is given', () => {
    const logger = recordingLogger();
    gatewayAuth({ keys: secret, logger });
    gatewayAuth({ keys: secret, service: undefined, logger });
    expect(logger.lines.map(({ level }) => level)).to.deep.equal(['warn', 'warn']);
  });

  it('warns not where the service is given, or null says that none is meant', () => {
    const logger = recordingLogger();
    for (const service of ['orders-service', null, () => undefined]) gatewayAuth({ keys: secret, service, logger });
    expect(logger.lines).to.deep.equal([]);
  });

  it('knows the service of a request from a name, a function or not at all', () => {
    const serviceOf = (service: GatewayAuthOptions['service']): string | undefined =>
      resolveGatewayAuth({ keys: secret, service, logger: recordingLogger() }).serviceOf({ url: '/sales' } as never);
    expect(serviceOf('orders-service')).to.equal('orders-service');
    expect(serviceOf(({ url = '' }) => `${url.slice(1)}-service`)).to.equal('sales-service');
    expect(serviceOf(() => undefined)).to.equal(undefined);
    expect(serviceOf(null)).to.equal(undefined);
    expect(serviceOf(undefined)).to.equal(undefined);
    expect(misconfiguredBy(() => serviceOf(() => 'no name'))).to.equal('service');
  });
});
