import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as lib from '../../lib/index.js';
import { recordSecrets } from '../support/canary-recorder.js';
import { createCanaryRegistry } from '../support/canary-registry.js';
import { leaksOf } from '../support/canary-renderings.js';
import { inEnvironment } from '../support/in-environment.js';
import { newEcPair, newRsaPair, newSecret, type TestPair } from '../support/keys.js';
import { assertionFor, callerOf, serviceToken } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { send } from '../support/wire.js';
import { dateOfLoading } from '../support/clock.js';

const registry = createCanaryRegistry();
const undo = recordSecrets(registry, () => 'this run');
const secret = newSecret();
const token = serviceToken(secret);
const assertion = assertionFor(token, secret, 'orders-service');
registry.addText(token, 'the token');
registry.addText(assertion, 'the assertion');
undo();
let pairs: readonly TestPair[];

const logger = recordingLogger();
const folder = mkdtempSync(join(tmpdir(), 'objects-'));
const file = join(folder, 'token');
writeFileSync(file, token, { mode: 0o600 });
const routes = { '/api/v1/orders': 'http://orders-service:8000' };

function used<T extends { get: () => unknown }>(source: T): T {
  expect(source.get()).to.equal(token);
  return source;
}

/** Everything that the package makes out of a secret or a token, and has used it. */
const OBJECTS: Readonly<Record<string, () => unknown>> = {
  'a key ring of a secret': () => lib.createKeyRing({ current: secret, previous: newSecret() }),
  'its snapshot': () => lib.createKeyRing({ current: secret, previous: newSecret() }).snapshot(),
  'a key ring of private keys': () => pairs.map(({ privatePem }) => lib.createKeyRing({ current: privatePem })),
  'their snapshots': () => pairs.map(({ privatePem }) => lib.createKeyRing({ current: privatePem }).snapshot()),
  'a key ring of the environment': () =>
    inEnvironment({ JWT_SECRET_KEY: secret, JWT_SECRET_KEY_PREVIOUS: newSecret() }, () => lib.keyRingFromEnv()),
  'a verifier that has verified': () => {
    const verifier = lib.createTokenVerifier({ keys: secret });
    verifier.verify(token);
    return verifier;
  },
  'the claims of a token': () => lib.createTokenVerifier({ keys: secret }).verify(token),
  'a caller': () => callerOf(token, secret),
  'a gateway': () => {
    const middleware = lib.gateway({ keys: secret, routes, logger });
    middleware.close();
    return middleware;
  },
  'a gateway without forwarding': () => lib.gatewayAuth({ keys: secret, service: 'orders-service', logger }),
  'the middleware of a service': () => lib.contextFromGateway({ keys: secret, audience: null, logger }),
  guards: () => [lib.requireService({ logger }), lib.requireUser({ logger }), lib.requireRole({ roles: ['owner'] })],
  'a client with a token': () => lib.createServiceClient(token, { baseURL: 'http://orders-service:8000', logger }),
  'what it has for defaults': () => lib.createServiceClient(token, { logger }).defaults,
  'a client with a token of the environment': () =>
    inEnvironment({ SERVICE_TOKEN: token }, () => lib.createServiceClient(undefined, { logger })),
  'a client with a mounted token': () => lib.createServiceClient(lib.tokenFromFile(file, { logger }), { logger }),
  'a token source of a file that was read': () => used(lib.tokenFromFile(file, { logger })),
  'a token source of the environment that was read': () =>
    inEnvironment({ SERVICE_TOKEN: token }, () => used(lib.tokenFromEnv())),
  'a revocation list': () => {
    const list = lib.createRevocationList();
    list.revokeToken('an-id');
    return list;
  },
};

describe('K8: no rendering, hidden properties included, shows a secret of', () => {
  dateOfLoading();

  before(() => {
    const done = recordSecrets(registry, () => 'this run');
    pairs = [newEcPair(), newRsaPair()];
    done();
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const [title, make] of Object.entries(OBJECTS)) {
    it(title, () => {
      expect(leaksOf(make(), registry)).to.deep.equal([]);
    });
  }

  it('a request that was let in, beside its headers', async () => {
    let story: unknown;
    const context = lib.contextFromGateway({ keys: secret, audience: 'orders-service', logger });
    const { text } = await send(
      (req, res) => {
        context(req as never, res as never, () => {
          const { user, locals } = req as unknown as Record<string, unknown>;
          story = { user, locals, id: lib.currentRequestId(), symbols: symbolsOf(req) };
          res.end('let in');
        });
      },
      { lines: [`Authorization: Bearer ${token}`, `X-Gateway-Assertion: ${assertion}`] },
    );
    expect(text).to.equal('let in');
    expect(story).to.have.nested.property('user.type', 'service');
    expect(leaksOf(story, registry)).to.deep.equal([]);
  });

  it('nothing else, while it would show', () => {
    const shown = { deep: { source: { get: () => token, token } } };
    const leaks = leaksOf(shown, registry).join('\n');
    expect(leaks)
      .to.match(/token.* in inspect$/m)
      .and.to.match(/token.* in JSON$/m);
    const hidden = Object.defineProperty(() => undefined, 'secret', { value: secret });
    expect(leaksOf(hidden, registry)).to.deep.equal(['random bytes (this run) in inspect']);
  });

  it('what was logged meanwhile', () => {
    expect(logger.lines.flatMap((line) => leaksOf(line, registry))).to.deep.equal([]);
  });
});

/** What middleware hides on a request, but for Node's own, which hold the headers as they came. */
function symbolsOf(req: object): readonly unknown[] {
  const own = Object.getOwnPropertySymbols(req).filter((symbol) => symbol.description?.startsWith('service-auth'));
  return own.map((symbol) => (req as Record<symbol, unknown>)[symbol]);
}
