import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { withoutNock } from '../support/without-nock.js';
import { complaints, type GatewayProcess, soak, type SoakResult, startGateway } from './soak.js';

// G11, G12; the long run is `npm run soak`.
describe('faults through a gateway', () => {
  withoutNock();

  it('are told as they are, and leave no socket, listener or memory behind', async function () {
    this.timeout(180_000);
    const results = await soak(60);
    for (const result of results) expect(complaints(result), result.fault).to.deep.equal([]);
  });

  it('would be noticed', () => {
    const clean = { sockets: 0, listeners: 3, heap: 1, rss: 1, peak: 1, warnings: 0 };
    const result: SoakResult = {
      fault: 'x',
      rounds: 2,
      answers: { 502: 2 },
      expected: '502',
      before: clean,
      after: clean,
    };
    expect(complaints(result)).to.deep.equal([]);
    const dirty = { sockets: 1, listeners: 4, heap: 9_000_000, rss: 1, peak: 1, warnings: 1 };
    expect(complaints({ ...result, answers: { 502: 1, 200: 1 }, after: dirty })).to.have.length(5);
  });
});

// G10
describe('50 MB through a gateway', function () {
  this.timeout(180_000);
  withoutNock();

  const CHUNK = Buffer.alloc(64 * 1024, 'service-auth');
  const hashOf = (chunks: number): string => {
    const hash = createHash('sha256');
    for (let i = 0; i < chunks; i++) hash.update(CHUNK);
    return hash.digest('hex');
  };
  const bytes = (chunks: number): Readable =>
    Readable.from(
      (function* () {
        for (let i = 0; i < chunks; i++) yield CHUNK;
      })(),
    );
  let upstream: http.Server;
  let gateway: GatewayProcess;

  before(async () => {
    upstream = http.createServer((req, res) => {
      const chunks = Number(req.headers['x-chunks']);
      const hash = createHash('sha256');
      const framing = req.headers['x-framing'] === 'length' ? { 'Content-Length': chunks * CHUNK.length } : {};
      if (req.method === 'GET') {
        res.writeHead(200, framing);
        pipeline(bytes(chunks), res).catch(() => undefined);
      } else {
        req.on('data', (chunk: Buffer) => hash.update(chunk)).on('end', () => res.end(hash.digest('hex')));
      }
    });
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    gateway = await startGateway({ '/orders': (upstream.address() as AddressInfo).port }, 20_000);
  });
  after(() => {
    gateway.stop();
    upstream.close();
    upstream.closeAllConnections();
  });

  async function pass(method: 'GET' | 'POST', framing: 'length' | 'chunked', chunks: number): Promise<string> {
    const length = method === 'POST' && framing === 'length' ? { 'Content-Length': chunks * CHUNK.length } : {};
    const headers = { authorization: gateway.authorization, 'x-chunks': chunks, 'x-framing': framing, ...length };
    const req = http.request({ port: gateway.port, host: '127.0.0.1', path: '/orders', method, headers, agent: false });
    const answered = once(req, 'response') as Promise<[http.IncomingMessage]>;
    if (method === 'POST') await pipeline(bytes(chunks), req);
    else req.end();
    const [res] = await answered;
    expect(res.statusCode).to.equal(200);
    const hash = createHash('sha256');
    let text = '';
    for await (const chunk of res as AsyncIterable<Buffer>) {
      if (method === 'GET') hash.update(chunk);
      else text += chunk.toString();
    }
    return method === 'GET' ? hash.digest('hex') : text;
  }

  for (const method of ['POST', 'GET'] as const) {
    for (const framing of ['length', 'chunked'] as const) {
      it(`come whole, with less than 20 MB more memory: ${method}, ${framing}`, async () => {
        // 20 MB first: buffers and compiled code that every stream needs.
        for (let i = 0; i < 2; i++) expect(await pass(method, framing, 320)).to.equal(hashOf(320));
        const { rss, peak } = await gateway.footprint();
        expect(await pass(method, framing, 800)).to.equal(hashOf(800));
        const { peak: now } = await gateway.footprint();
        expect((now - Math.max(rss, peak)) / 2 ** 20).to.be.lessThan(20);
      });
    }
  }
});
