import { expect } from 'chai';
import type { ErrorRequestHandler } from 'express';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { identityError } from '../../lib/server/identify.js';
import { requireService } from '../../lib/server/require-service.js';
import { KeysUnavailableError, RevocationsStaleError } from '../../lib/shared/errors.js';
import { toKeyRing } from '../../lib/shared/key-ring.js';
import { dateOfLoading } from '../support/clock.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { newSecret } from '../support/keys.js';
import { ask, outcome, probe } from '../support/probe.js';
import { assertionFor, assertionLine, bearerLine, CALLER, plainLines, serviceToken } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { send } from '../support/wire.js';
import { throwAnything } from '../support/throw-anything.js';

const secret = newSecret();
const token = serviceToken(secret);
const ring = toKeyRing('keys', secret);
const logger = recordingLogger();

/** A key ring and a revocation list that work until they are told to throw. */
function breakable() {
  let failure: Error | undefined;
  const work = <T>(result: () => T): T => {
    if (failure !== undefined) throw failure;
    return result();
  };
  return {
    keys: { snapshot: () => work(() => ring.snapshot()) },
    revocations: { isRevoked: () => work(() => false) },
    breakWith: (error: Error | undefined) => {
      failure = error;
    },
  };
}

for (const { name, express } of EXPRESS_VERSIONS) {
  for (const [part, error] of [
    ['keys', new KeysUnavailableError()],
    ['revocations', new RevocationsStaleError()],
  ] as const) {
    for (const proof of [bearerLine(token), assertionLine(assertionFor(token, secret))]) {
      describe(`contextFromGateway, ${name}: ${part} that fail, ${proof.slice(0, 10)}`, () => {
        dateOfLoading();

        const source = breakable();
        const options = { keys: secret, audience: null, logger, [part]: source[part] };
        let handled = 0;
        let errors: unknown[] = [];
        const app = express();
        app.use(contextFromGateway(options));
        app.get('/', requireService({ logger }), (_req, res) => {
          handled += 1;
          res.json({});
        });
        const onError: ErrorRequestHandler = (failure: unknown, req, res, _next) => {
          errors.push(failure);
          const { headers } = req;
          res.status(500).json({ user: req.user ?? null, identity: headers['x-user-id'] ?? null, raw: req.rawHeaders });
        };
        app.use(onError);

        beforeEach(() => {
          source.breakWith(undefined);
          handled = 0;
          errors = [];
        });

        // K5, K6
        it(`answers 503 ${error.code}, and lets in again when they work`, async () => {
          expect((await send(app, { lines: [proof] })).status).to.equal(200);
          source.breakWith(error);
          const { status, headers, text } = await send(app, { lines: [proof, 'X-Request-Id: r-1'] });
          expect(status).to.equal(503);
          expect(headers).to.include({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
          expect(headers).not.to.have.property('www-authenticate');
          expect(JSON.parse(text)).to.deep.equal({
            type: `urn:service-auth:error:${error.code}`,
            title: error.code === 'keys_unavailable' ? 'Keys unavailable' : 'Revocations stale',
            status: 503,
            detail: error.detail,
            code: error.code,
            request_id: 'r-1',
          });
          source.breakWith(undefined);
          expect((await send(app, { lines: [proof] })).status).to.equal(200);
          expect(handled).to.equal(2);
          expect(errors).to.deep.equal([]);
        });

        it('tells who it is all the same where nothing has to be looked up', async () => {
          source.breakWith(error);
          expect((await send(app)).status).to.equal(401);
          expect((await send(app, { lines: plainLines(token, secret) })).status).to.equal(401);
        });

        it("hands an error that is not ours to Express, and leaves nobody's identity behind", async () => {
          const plain = plainLines(token, secret);
          expect((await send(app, { lines: [proof, ...plain] })).status).to.equal(200);
          const failure = new RangeError('disk on fire');
          source.breakWith(failure);
          const { status, text } = await send(app, { lines: [proof, ...plain] });
          expect(status).to.equal(500);
          expect(errors).to.deep.equal([failure]);
          expect(handled).to.equal(1);
          const seen = JSON.parse(text) as { user: unknown; identity: unknown; raw: string[] };
          expect(seen).to.include({ user: null, identity: null });
          expect(seen.raw.filter((text) => text.includes(CALLER))).to.deep.equal([]);
        });

        it('makes an error of whatever else is thrown, as a falsy one would tell Express to go on', async () => {
          let works = true;
          const listener = express();
          const broken = {
            keys: { snapshot: () => (works ? ring.snapshot() : throwAnything(undefined)) },
            revocations: { isRevoked: () => (works ? false : throwAnything(undefined)) },
          };
          listener.use(contextFromGateway({ ...options, [part]: broken[part], required: true }));
          listener.get('/', (_req, res) => res.json({}));
          listener.use(onError);
          expect((await send(listener, { lines: [proof] })).status).to.equal(200);
          works = false;
          expect((await send(listener, { lines: [proof] })).status).to.equal(500);
        });

        it('lets nobody in where an error handler goes on as if nothing had happened', async () => {
          const broken = breakable();
          const forgetful = express();
          forgetful.use((req, _res, next) => {
            Object.assign(req, { user: { type: 'service', service: CALLER } });
            next();
          });
          forgetful.use(contextFromGateway({ ...options, [part]: broken[part] }));
          const goOn: ErrorRequestHandler = (_error, _req, _res, next) => {
            next();
          };
          forgetful.use(goOn);
          forgetful.get('/', requireService({ logger }), (_req, res) => res.json({}));
          expect((await send(forgetful, { lines: [proof] })).status).to.equal(200);
          broken.breakWith(new Error('disk on fire'));
          expect((await send(forgetful, { lines: [proof] })).status).to.equal(401);
        });
      });
    }
  }

  describe(`contextFromGateway, ${name}: a failure that is ours`, () => {
    it('is what identityError tells', async () => {
      const source = breakable();
      source.breakWith(new KeysUnavailableError());
      const app = probe(express, { keys: source.keys, audience: null });
      expect(outcome(await ask(app, { lines: [bearerLine(token)] }))).to.equal('nobody: keys_unavailable');
    });

    it('is answered at once where a caller is required', async () => {
      const source = breakable();
      source.breakWith(new KeysUnavailableError());
      const app = express();
      app.use(contextFromGateway({ keys: source.keys, audience: null, required: true, logger }));
      app.use((req, res) => res.json({ code: identityError(req)?.code }));
      const { status, headers } = await send(app, { lines: [bearerLine(token)] });
      expect(status).to.equal(503);
      expect(headers).not.to.have.property('www-authenticate');
    });
  });
}
