import dns from 'node:dns';
import http from 'node:http';
import net from 'node:net';
import { expect } from 'chai';
import sinon from 'sinon';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import {
  closeRig,
  openConnections,
  PREFIX,
  refused,
  rig,
  type Rig,
  type RigSetup,
  SERVICE,
} from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { bearerLine } from '../../support/proofs.js';
import { withoutNock } from '../../support/without-nock.js';
import { closeAll, eventually, listen, pause, portOf, talk } from './forward-rig.js';

const secret = newSecret();
const bearer = bearerLine(createServiceToken('sales-service', { keys: secret }));
const head = (line: string, ...lines: readonly string[]): string =>
  [`${line} HTTP/1.1`, 'Host: shop', bearer, ...lines, '', ''].join('\r\n');

// The operator's, on the http.Server; Node looks at them every `connectionsCheckingInterval`.
const SHORT = { headersTimeout: 400, requestTimeout: 800, connectionsCheckingInterval: 25 };

// G19
for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`gateway, ${name}: limits`, () => {
    withoutNock();
    afterEach(closeAll);
    afterEach(closeRig);

    async function serveWith(
      limits: http.ServerOptions,
      setup: Partial<RigSetup> = {},
    ): Promise<Rig & { readonly server: http.Server; readonly port: number }> {
      const gateway = await rig(express, { keys: secret, ...setup });
      const server = await listen(http.createServer(limits, gateway.app));
      return { ...gateway, server, port: portOf(server) };
    }

    /** Writes `text` byte after byte, one each `everyMs`, until the connection is closed, and tells what came back, and when. */
    async function drip(
      port: number,
      begin: string,
      text: string,
      everyMs: number,
    ): Promise<{ answer: string; afterMs: number }> {
      const began = performance.now();
      const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
      let answer = '';
      socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
      socket.write(begin);
      for (let i = 0; !socket.closed; i += 1) {
        socket.write(text[i % text.length]!);
        await pause(everyMs);
      }
      return { answer, afterMs: performance.now() - began };
    }

    it('cut off a client that is slow over its headers (headersTimeout), and serve a quick one', async () => {
      const { port, upstream, logger } = await serveWith(SHORT);
      const slow = drip(port, `GET ${PREFIX}/7 HTTP/1.1\r\nHost: shop\r\n${bearer}\r\n`, 'X-Slow: 1\r\n', 25);
      const quick = await talk(port, head(`GET ${PREFIX}/7`), 'ok');
      expect(quick.text).to.match(/^HTTP\/1\.1 200 OK/);
      const { answer, afterMs } = await slow;
      expect(answer).to.match(/^HTTP\/1\.1 408 /);
      expect(afterMs).to.be.at.least(SHORT.headersTimeout);
      expect([upstream.seen.length, logger.lines.length]).to.deep.equal([1, 1]);
    });

    it('cut off a client that is slow over its body (requestTimeout), with its service, and serve a quick one', async () => {
      const answer: http.RequestListener = (req, res) => void req.once('end', () => res.end('ok'));
      // The service's own limit is shorter, and does not count: it is the client who is slow.
      const { port, upstream, logger } = await serveWith(SHORT, { answer, options: { responseTimeoutMs: 50 } });
      const slow = drip(port, head(`POST ${PREFIX}/7`, 'Content-Length: 100000'), 'x', 150);
      const quick = await talk(port, head(`POST ${PREFIX}/7`, 'Content-Length: 2') + 'hi', 'ok');
      expect(quick.text).to.match(/^HTTP\/1\.1 200 OK/);
      const { answer: got, afterMs } = await slow;
      expect(got).to.match(/^HTTP\/1\.1 408 /);
      expect(afterMs).to.be.at.least(SHORT.requestTimeout);
      expect(upstream.seen.map(({ body }) => body)).to.deep.equal(['hi']);
      expect(logger.lines.filter(({ level }) => level === 'error')).to.deep.equal([]);
      await eventually(async () => (await openConnections(upstream.server)) <= 1);
    });

    it('cut off a client that does not read its answer (idleTimeoutMs), and serve one that does', async () => {
      const size = 64 << 20;
      const answer: http.RequestListener = (_req, res) => {
        res.writeHead(200, { 'Content-Length': size }).end(Buffer.alloc(size));
      };
      const { port, server, upstream } = await serveWith({}, { answer, options: { idleTimeoutMs: 400 } });
      const deaf = net.connect(port, '127.0.0.1').on('error', () => undefined);
      deaf.pause().write(head(`GET ${PREFIX}/7`));
      await eventually(() => upstream.seen.length === 1);
      const began = performance.now();
      await eventually(async () => (await openConnections(server)) === 0);
      await eventually(async () => (await openConnections(upstream.server)) === 0);
      expect(performance.now() - began).to.be.at.least(200);
      deaf.destroy();

      let read = 0;
      const reads = net.connect(port, '127.0.0.1').on('data', (chunk) => (read += chunk.length));
      reads.write(head(`GET ${PREFIX}/7`, 'Connection: close'));
      await new Promise((resolve) => reads.once('close', resolve));
      expect(read).to.be.greaterThan(size);
    });

    for (const { what, limits, over, under } of [
      { what: 'as Node has it', limits: {}, over: 16 << 10, under: 14 << 10 },
      { what: 'as the operator sets it', limits: { maxHeaderSize: 4096 }, over: 4096, under: 3000 },
    ]) {
      it(`refuse headers beyond maxHeaderSize with 431, and serve the rest: ${what}`, async () => {
        const { port, upstream, logger } = await serveWith(limits);
        const ask = async (bytes: number): Promise<string> =>
          (await talk(port, head(`GET ${PREFIX}/7`, `X-Big: ${'x'.repeat(bytes)}`, 'Connection: close'))).text;
        expect(await ask(over)).to.match(/^HTTP\/1\.1 431 /);
        expect([upstream.seen, logger.lines]).to.deep.equal([[], []]);
        expect(await ask(under)).to.match(/^HTTP\/1\.1 200 /);
        const target = `GET ${PREFIX}/${'x'.repeat(over)}`;
        expect((await talk(port, head(target, 'Connection: close'))).text).to.match(/^HTTP\/1\.1 431 /);
        expect(upstream.seen).to.have.length(1);
      });
    }

    it('pass on the 431 of a service, to which the gateway’s own headers count too', async () => {
      const { port, upstream } = await serveWith({ maxHeaderSize: 32 << 10 });
      const ask = async (bytes: number): Promise<string> =>
        (await talk(port, head(`GET ${PREFIX}/7`, `X-Big: ${'x'.repeat(bytes)}`, 'Connection: close'))).text;
      expect(await ask(20_000)).to.match(/^HTTP\/1\.1 431 /);
      expect(await ask(12_000)).to.match(/^HTTP\/1\.1 200 /);
      const bytes = upstream.seen[0]!.rawHeaders.reduce((sum, part) => sum + part.length + 2, 0);
      expect(bytes - 12_000).to.be.lessThan(2_000);
    });

    it('give a connection its time (connectTimeoutMs), then 502', async () => {
      const { upstream, ...first } = await rig(express, { keys: secret });
      expect((await first.ask({ lines: [bearer] })).status).to.equal(200);
      const url = upstream.url.replace('127.0.0.1', 'orders-service');
      const options = { connectTimeoutMs: 60, routes: { [PREFIX]: { url, service: SERVICE } } };
      const { ask, logger } = await rig(express, { keys: secret, options });
      const { lookup: known } = dns;
      let delayMs = 5_000;
      const slowly = (host: string, options: dns.LookupAllOptions, done: (...found: never[]) => void): void => {
        if (host !== 'orders-service') known(host, options, done as never);
        else setTimeout(() => known('127.0.0.1', options, done as never), delayMs).unref();
      };
      const lookup = sinon.stub(dns, 'lookup').callsFake(slowly as unknown as typeof dns.lookup);
      try {
        expect(refused(await ask({ lines: [bearer] }))).to.equal('502 upstream_unreachable');
        expect(logger.lines.at(-1)?.fields?.['reason']).to.match(/60 ms/);
        delayMs = 1;
        expect((await ask({ lines: [bearer] })).status).to.equal(200);
      } finally {
        lookup.restore();
      }
    });

    it('give an answer its time (responseTimeoutMs), then 504', async () => {
      let delayMs = 60_000;
      const answer: http.RequestListener = (_req, res) => void setTimeout(() => res.end('ok'), delayMs).unref();
      const { ask } = await rig(express, { keys: secret, answer, options: { responseTimeoutMs: 500 } });
      expect(refused(await ask({ lines: [bearer] }))).to.equal('504 upstream_timeout');
      delayMs = 1;
      expect((await ask({ lines: [bearer] })).status).to.equal(200);
    });
  });
}

describe('gateway: the limits of Node, which the guide names', () => {
  it('are these', () => {
    const { headersTimeout, requestTimeout, keepAliveTimeout, timeout } = http.createServer();
    expect({ headersTimeout, requestTimeout, keepAliveTimeout, timeout }).to.deep.equal({
      ...{ headersTimeout: 60_000, requestTimeout: 300_000, keepAliveTimeout: 5_000, timeout: 0 },
    });
    expect(http.maxHeaderSize).to.equal(16 << 10);
  });
});
