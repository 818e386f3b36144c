import { expect } from 'chai';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { type ContextFromGatewayOptions, resolveContext } from '../../lib/server/context-options.js';
import { deriveAssertionKey } from '../../lib/shared/assertion-keys.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { dateOfLoading } from '../support/clock.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { inEnvironment } from '../support/in-environment.js';
import { newSecret } from '../support/keys.js';
import { ask, outcome, probe } from '../support/probe.js';
import { assertionFor, assertionLine, bearerLine, CALLER, HERE, plainLines, serviceToken } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { misconfiguredBy, thrownBy } from '../support/refusals.js';
import { send } from '../support/wire.js';

const secret = newSecret();
const token = serviceToken(secret);
const derived = deriveAssertionKey(HERE, { keys: secret });
const logger = recordingLogger();
const make = (options: unknown = {}): void => {
  contextFromGateway({ logger, ...(options as ContextFromGatewayOptions) });
};

describe('contextFromGateway: options', () => {
  describe('in production', () => {
    const production = { NODE_ENV: 'production' };

    // H16
    it('demands a key or trusted networks', () => {
      const without = (options: unknown): void => inEnvironment(production, () => make(options));
      expect(misconfiguredBy(() => without({}))).to.equal('JWT_SECRET_KEY');
      for (const trustedNetworks of [['10.0.0.0/8'], []]) without({ trustedNetworks });
      without({ keys: secret, audience: HERE });
      inEnvironment({ ...production, JWT_SECRET_KEY: secret, SERVICE_NAME: HERE }, () => make());
      inEnvironment({ ...production, GATEWAY_ASSERTION_KEY: derived, SERVICE_NAME: HERE }, () => make());
      inEnvironment({}, () => make());
    });

    it("demands the service's name, or null for any", () => {
      const variables = { ...production, JWT_SECRET_KEY: secret };
      expect(misconfiguredBy(() => inEnvironment(variables, () => make()))).to.equal('SERVICE_NAME');
      expect(misconfiguredBy(() => inEnvironment(production, () => make({ assertionKeys: derived })))).to.equal(
        'SERVICE_NAME',
      );
      inEnvironment(variables, () => make({ audience: HERE }));
      inEnvironment(variables, () => make({ audience: null }));
      inEnvironment({ ...variables, SERVICE_NAME: HERE }, () => make());
      inEnvironment({ ...variables, NODE_ENV: 'staging' }, () => make());
    });
  });

  describe('the environment', () => {
    for (const name of ['JWT_SECRET_KEY', 'JWT_SECRET_KEY_PREVIOUS', 'GATEWAY_ASSERTION_KEY']) {
      it(`refuses ${name} that is set but empty`, () => {
        for (const value of ['', ' ']) {
          expect(misconfiguredBy(() => inEnvironment({ [name]: value }, () => make()))).to.equal(name);
        }
      });
    }

    it('refuses SERVICE_NAME that is empty or no service name', () => {
      for (const SERVICE_NAME of ['', 'Inventory', 'a b']) {
        expect(misconfiguredBy(() => inEnvironment({ SERVICE_NAME }, () => make({ keys: secret })))).to.equal(
          'SERVICE_NAME',
        );
      }
    });

    it('refuses a weak JWT_SECRET_KEY and a GATEWAY_ASSERTION_KEY that is no derived key', () => {
      expect(misconfiguredBy(() => inEnvironment({ JWT_SECRET_KEY: 'short' }, () => make()))).to.equal(
        'JWT_SECRET_KEY',
      );
      for (const value of ['short', secret, `${derived},`]) {
        expect(misconfiguredBy(() => inEnvironment({ GATEWAY_ASSERTION_KEY: value }, () => make()))).to.equal(
          'GATEWAY_ASSERTION_KEY',
        );
      }
    });
  });

  describe('wrong options', () => {
    const wrong: readonly [setting: string, options: object][] = [
      ['audience', { keys: secret, audience: '' }],
      ['audience', { keys: secret, audience: 'Inventory' }],
      ['audience', { keys: secret, audience: /inventory/ }],
      ['audience', { keys: secret, audience: [HERE] }],
      ['audience', { audience: '' }],
      ['trustedNetworks', { trustedNetworks: 'loopback' }],
      ['trustedNetworks', { trustedNetworks: null }],
      ['trustedNetworks', { trustedNetworks: ['*'] }],
      ['revocations', { revocations: {} }],
      ['revocations', { revocations: null }],
      ['clockToleranceSeconds', { clockToleranceSeconds: 61 }],
      ['clockToleranceSeconds', { clockToleranceSeconds: Number.POSITIVE_INFINITY }],
      ['clockToleranceSeconds', { clockToleranceSeconds: '5' }],
      ['cacheSize', { cacheSize: -1 }],
      ['cacheSize', { cacheSize: 1.5 }],
      ['required', { required: 'yes' }],
      ['required', { required: 1 }],
      ['logger', { logger: console.log }],
      ['logger', { logger: null }],
      ['assertionKeys', { assertionKeys: [] }],
      ['assertionKeys', { assertionKeys: null }],
      ['assertionKeys', { assertionKeys: 'short' }],
      ['assertionKeys', { assertionKeys: 7 }],
      ['assertionKeys', { assertionKeys: {} }],
      ['keys', { keys: '' }],
      ['keys', { keys: null }],
    ];
    for (const [setting, options] of wrong) {
      it(`names ${setting} for ${JSON.stringify(options, (_, value: unknown) => (value === secret ? '…' : value instanceof RegExp ? String(value) : value))}`, () => {
        expect(misconfiguredBy(() => make(options))).to.equal(setting);
      });
    }

    it('names the right one for one that is misspelt', () => {
      for (const [misspelt, right] of [
        ['trustedNetwork', 'trustedNetworks'],
        ['revocation', 'revocations'],
        ['Audience', 'audience'],
        ['require', 'required'],
      ] as const) {
        const error = thrownBy(() => {
          make({ [misspelt]: undefined });
        }) as Error;
        expect(error.message).to.include(`'${misspelt}'`).and.to.include(`Did you mean '${right}'?`);
      }
      expect(misconfiguredBy(() => make({ secretOrPublicKey: secret }))).to.equal("'secretOrPublicKey'");
    });

    it('refuses what is no options object', () => {
      for (const options of [null, 'x', 7, [], true]) {
        expect(misconfiguredBy(() => contextFromGateway(options as never))).to.equal('options');
      }
    });

    it('takes undefined for absent', () => {
      const names = ['keys', 'assertionKeys', 'audience', 'trustedNetworks', 'revocations', 'cacheSize', 'required'];
      make(Object.fromEntries(names.map((name) => [name, undefined])));
    });
  });

  it('writes through the default logger where it is given none', () => {
    expect(resolveContext('x', { trustedNetworks: [] }).logger).to.have.property('warn');
  });

  it('is read once', async () => {
    const [{ express }] = EXPRESS_VERSIONS as unknown as [(typeof EXPRESS_VERSIONS)[0]];
    const trusted = ['127.0.0.2'];
    const options = { keys: secret, audience: HERE as string | null, trustedNetworks: trusted };
    const app = probe(express, options);
    options.audience = null;
    trusted.push('127.0.0.1');
    Object.assign(options, { trustedNetworks: ['127.0.0.1'], revocations: { isRevoked: () => true } });
    const elsewhere = assertionFor(token, secret, 'recipes-service');
    expect(outcome(await ask(app, { lines: [assertionLine(elsewhere)] }))).to.equal('nobody: wrong_audience');
    expect(outcome(await ask(app, { lines: plainLines(token, secret) }))).to.equal('nobody: unproven_identity');
    expect(outcome(await ask(app, { lines: [bearerLine(token)] }))).to.equal(`${CALLER} via bearer`);
  });
});

for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`contextFromGateway, ${name}: the audience and the keys`, () => {
    dateOfLoading();

    const elsewhere = assertionLine(assertionFor(token, secret, 'recipes-service'));
    const here = assertionLine(assertionFor(token, secret));
    const result = async (app: ReturnType<typeof probe>, line: string): Promise<string> =>
      outcome(await ask(app, { lines: [line] }));

    it('takes any audience where no name is known, outside of production', async () => {
      const app = probe(express, { keys: secret });
      for (const line of [here, elsewhere]) expect(await result(app, line)).to.equal(`${CALLER} via assertion`);
    });

    it('prefers the option to SERVICE_NAME', async () => {
      const app = inEnvironment({ SERVICE_NAME: HERE, JWT_SECRET_KEY: secret }, () =>
        probe(express, { audience: 'recipes-service' }),
      );
      expect(await result(app, here)).to.equal('nobody: wrong_audience');
      expect(await result(app, elsewhere)).to.equal(`${CALLER} via assertion`);
    });

    it('takes assertions of two derived keys during a rotation', async () => {
      const next = newSecret();
      const ofNext = assertionLine(assertionFor(serviceToken(next), next));
      const both = `${deriveAssertionKey(HERE, { keys: next })}, ${derived}`;
      const app = inEnvironment({ GATEWAY_ASSERTION_KEY: both, SERVICE_NAME: HERE }, () => probe(express));
      for (const line of [here, ofNext]) expect(await result(app, line)).to.equal(`${CALLER} via assertion`);
      const old = probe(express, { assertionKeys: derived, audience: HERE });
      expect(await result(old, ofNext)).to.equal('nobody: invalid_token');
    });

    it('takes tokens of both keys of a ring, and remembers none where cacheSize is 0', async () => {
      const next = newSecret();
      const keys = createKeyRing({ current: next, previous: secret });
      for (const cacheSize of [0, 1]) {
        const app = probe(express, { keys, audience: HERE, cacheSize });
        for (const bearer of [token, serviceToken(next), token]) {
          expect(await result(app, bearerLine(bearer))).to.equal(`${CALLER} via bearer`);
        }
      }
    });
  });

  describe(`contextFromGateway, ${name}: required`, () => {
    const lines = recordingLogger();
    const app = express();
    let handled = 0;
    app.use('/api', contextFromGateway({ keys: secret, audience: HERE, required: true, logger: lines }));
    app.use((_req, res) => {
      handled += 1;
      res.json({});
    });

    it('answers a request without a proven caller, and lets any caller through', async () => {
      const refused = await send(app, { path: '/api/x', lines: ['X-Request-Id: r-1'] });
      expect(refused.status).to.equal(401);
      expect(refused.headers).to.include({ 'www-authenticate': 'Bearer realm="service-auth"', 'x-request-id': 'r-1' });
      expect(JSON.parse(refused.text)).to.include({ code: 'missing_credentials', request_id: 'r-1' });
      expect(handled).to.equal(0);
      const { timestamp, ...fields } = lines.lines[0]?.fields ?? {};
      expect(timestamp).to.be.a('string');
      expect(lines.lines[0]).to.include({ level: 'warn', message: 'Access denied' });
      expect(fields).to.deep.equal({
        service: null,
        endpoint: 'GET /api/*',
        tenant_id: null,
        request_id: 'r-1',
        decision: 'denied',
        code: 'missing_credentials',
        token_id: null,
        key_id: null,
        via: null,
      });
      expect((await send(app, { path: '/api/x', lines: [bearerLine('x.y.z')] })).status).to.equal(401);
      expect((await send(app, { path: '/api/x', lines: [bearerLine(token)] })).status).to.equal(200);
      expect(handled).to.equal(1);
      expect(lines.lines).to.have.length(2);
    });
  });
}
