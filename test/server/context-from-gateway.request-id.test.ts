import type { RequestListener } from 'node:http';
import { expect } from 'chai';
import type { RequestHandler } from 'express';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { requireService } from '../../lib/server/require-service.js';
import { currentRequest, currentRequestId } from '../../lib/shared/current-request.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { newSecret } from '../support/keys.js';
import { ask, probe, tell } from '../support/probe.js';
import { bearerLine, serviceToken } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { send, type WireRequest } from '../support/wire.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const secret = newSecret();
const bearer = bearerLine(serviceToken(secret));
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const TRACED = ['X-Request-Id: r-1', `TraceParent: ${TRACEPARENT}`, 'TraceState: rojo=1', 'tracestate: congo=2'];
const TRACE = { requestId: 'r-1', traceparent: TRACEPARENT, tracestate: 'rojo=1, congo=2' };
const JSON_BODY = ['Content-Type: application/json', 'Content-Length: 7'];

/** Continues from a callback of another request, as a parser that is fed from a pool of its own does. */
function readBodyLosingContext(): { handler: RequestHandler; arrive: () => void } {
  const waiting: (() => void)[] = [];
  return {
    handler: (_req, _res, next) => waiting.push(next),
    arrive: () => waiting.splice(0).forEach((resume) => resume()),
  };
}

const tellContext: RequestHandler = (_req, res) => {
  res.json(currentRequest() ?? null);
};

for (const { name, express } of EXPRESS_VERSIONS) {
  const options = { keys: secret, audience: null, logger: recordingLogger() };

  describe(`contextFromGateway, ${name}: the request id`, () => {
    for (const id of ['a', 'A-b_c.9', 'x'.repeat(128), '7f6c2f0e-7f3c-4b57-9d8e-2d1f4ce8a1b0']) {
      it(`keeps a sane one: ${id.slice(0, 40)}`, async () => {
        const request = { lines: [`X-Request-Id: ${id}`] };
        expect((await send(probe(express, options), request)).headers['x-request-id']).to.equal(id);
        expect((await ask(probe(express, options), request)).requestId).to.equal(id);
      });
    }

    for (const lines of [
      [],
      ['X-Request-Id:'],
      ['X-Request-Id: a b'],
      ['X-Request-Id: a;b'],
      ['X-Request-Id: caf\xe9'],
      [`X-Request-Id: ${'x'.repeat(129)}`],
      ['X-Request-Id: a', 'X-Request-Id: b'],
    ]) {
      it(`makes one in place of ${JSON.stringify(lines).slice(0, 50)}`, async () => {
        const { headers, text } = await send(probe(express, options), { lines });
        expect(headers['x-request-id']).to.match(UUID);
        expect((JSON.parse(text) as { requestId: string }).requestId).to.equal(headers['x-request-id']);
      });
    }

    it('makes another for each request', async () => {
      const app = probe(express, options);
      expect((await ask(app)).requestId).not.to.equal((await ask(app)).requestId);
      expect(currentRequestId()).to.equal(undefined);
    });

    it('carries it through waiting handlers and express.json()', async () => {
      const app = express();
      app.use(contextFromGateway(options), express.json());
      app.use((_req, _res, next) => setTimeout(next, 1));
      app.use(tell);
      const lines = ['X-Request-Id: r-1', ...JSON_BODY];
      expect((await ask(app, { method: 'POST', lines, rest: '{"a":1}' })).requestId).to.equal('r-1');
    });

    it('carries it into the handler of a guard after a body reader that loses it', async () => {
      const lossy = readBodyLosingContext();
      const app = express();
      app.use(contextFromGateway(options), lossy.handler);
      app.post('/unguarded', tell);
      app.post('/guarded', requireService({ logger: recordingLogger() }), tell);
      const timer = setInterval(lossy.arrive, 1);
      try {
        const request = { method: 'POST', lines: ['X-Request-Id: r-1', bearer, ...JSON_BODY], rest: '{"a":1}' };
        expect((await ask(app, { ...request, path: '/unguarded' })).requestId).to.equal(null);
        expect((await ask(app, { ...request, path: '/guarded' })).requestId).to.equal('r-1');
      } finally {
        clearInterval(timer);
      }
    });

    it('carries it into the handler of a guard after a reader of raw events', async () => {
      const app = express();
      app.use(contextFromGateway(options));
      app.use((req, _res, next) => {
        req.on('data', () => undefined).on('end', next);
      });
      app.post('/', requireService({ logger: recordingLogger() }), tell);
      const request = { method: 'POST', lines: ['X-Request-Id: r-1', bearer, ...JSON_BODY], rest: '{"a":1}' };
      expect((await ask(app, request)).requestId).to.equal('r-1');
    });
  });

  describe(`contextFromGateway, ${name}: the trace context`, () => {
    const contextOf = async (app: RequestListener, request: WireRequest): Promise<unknown> =>
      JSON.parse((await send(app, request)).text) as unknown;

    it('is carried along with the request id', async () => {
      const app = express().use(contextFromGateway(options), express.json(), tellContext);
      const request = { method: 'POST', lines: [...TRACED, ...JSON_BODY], rest: '{"a":1}' };
      expect(await contextOf(app, request)).to.deep.equal(TRACE);
    });

    it('is that of each request', async () => {
      const app = express().use(contextFromGateway(options), tellContext);
      expect(await contextOf(app, { lines: TRACED })).to.deep.equal(TRACE);
      expect(await contextOf(app, { lines: ['X-Request-Id: r-2'] })).to.deep.equal({ requestId: 'r-2' });
    });

    for (const [title, lines] of Object.entries({
      'a malformed traceparent': ['TraceParent: 00-1-2-01', 'TraceState: rojo=1'],
      'a repeated traceparent': [`TraceParent: ${TRACEPARENT}`, `TraceParent: ${TRACEPARENT}`, 'TraceState: rojo=1'],
      'a tracestate alone': ['TraceState: rojo=1'],
    })) {
      it(`is absent with ${title}`, async () => {
        const app = express().use(contextFromGateway(options), tellContext);
        expect(await contextOf(app, { lines: ['X-Request-Id: r-1', ...lines] })).to.deep.equal({ requestId: 'r-1' });
      });
    }

    it('is carried into the handler of a guard after a body reader that loses it', async () => {
      const lossy = readBodyLosingContext();
      const app = express();
      app.use(contextFromGateway(options), lossy.handler);
      app.get('/unguarded', tellContext);
      app.get('/guarded', requireService({ logger: recordingLogger() }), tellContext);
      const timer = setInterval(lossy.arrive, 1);
      try {
        const request = { lines: [...TRACED, bearer] };
        expect(await contextOf(app, { ...request, path: '/unguarded' })).to.equal(null);
        expect(await contextOf(app, { ...request, path: '/guarded' })).to.deep.equal(TRACE);
      } finally {
        clearInterval(timer);
      }
    });

    it('is what the request came with, whatever stands in its headers at the guard', async () => {
      const app = express();
      app.use(contextFromGateway(options), (req, _res, next) => {
        req.headers['traceparent'] = TRACEPARENT.replace('0af7', '1111');
        delete req.headers['tracestate'];
        next();
      });
      app.use(requireService({ logger: recordingLogger() }), tellContext);
      expect(await contextOf(app, { lines: [...TRACED, bearer] })).to.deep.equal(TRACE);
    });
  });
}
