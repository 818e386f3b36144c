import dns from 'node:dns';
import type http from 'node:http';
import net from 'node:net';
import { expect } from 'chai';
import sinon from 'sinon';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import {
  closeRig,
  openConnections,
  portOf,
  PREFIX,
  refused,
  rig,
  serve,
  SERVICE,
  upstreamOf,
} from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { bearerLine } from '../../support/proofs.js';
import { withoutNock } from '../../support/without-nock.js';
import { eventually, talk } from './forward-rig.js';

const secret = newSecret();
const bearer = bearerLine(createServiceToken('sales-service', { keys: secret }));

const head = (line: string, ...lines: readonly string[]): string =>
  [`${line} HTTP/1.1`, 'Host: shop', bearer, ...lines, '', ''].join('\r\n');

for (const { name, express } of EXPRESS_VERSIONS) {
  // G10
  describe(`gateway, ${name}: the length of a body`, () => {
    withoutNock();
    afterEach(closeRig);

    const answer: http.RequestListener = (req, res) => void req.once('end', () => res.end('ok'));

    async function post(says: number, has: string) {
      const { app, upstream } = await rig(express, { keys: secret, answer });
      const client = net.connect(portOf(await serve(app)), '127.0.0.1');
      let got = '';
      client.on('data', (chunk) => (got += chunk.toString('latin1')));
      const closed = new Promise((resolve) => client.once('close', resolve));
      client.write(head(`POST ${PREFIX}/7`, `Content-Length: ${String(says)}`) + has);
      return {
        client,
        upstream,
        closed,
        answers: () => [...got.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) => code),
      };
    }

    for (const body of ['', 'a', 'abcde']) {
      it(`is what Content-Length says: ${String(body.length)}`, async () => {
        const { client, upstream, answers } = await post(body.length, body);
        await eventually(() => answers().length > 0);
        client.destroy();
        expect([answers(), upstream.seen.map((seen) => seen.body)]).to.deep.equal([['200'], [body]]);
      });
    }

    it('makes a surplus neither a part of it nor a request', async () => {
      const { upstream, closed, answers } = await post(4, 'abcde');
      await closed;
      // The service may have answered by the time that the surplus breaks the connection.
      expect(answers().at(-1)).to.equal('400');
      expect(answers().length).to.be.lessThan(3);
      for (const { body } of upstream.seen) expect(body).to.equal('abcd');
    });

    it('makes no request of too few bytes', async () => {
      const { client, upstream, closed, answers } = await post(6, 'abcde');
      await eventually(async () => (await openConnections(upstream.server)) === 1);
      client.end();
      await closed;
      await eventually(async () => (await openConnections(upstream.server)) === 0);
      expect([answers().includes('200'), upstream.seen]).to.deep.equal([false, []]);
    });
  });

  // G11; a thousand runs of each are in the soak.
  describe(`gateway, ${name}: a client that goes away`, () => {
    withoutNock();
    afterEach(closeRig);

    for (const { what, request, rest } of [
      { what: 'an upload', request: head(`POST ${PREFIX}/7`, 'Content-Length: 200000'), rest: 'x'.repeat(200_000) },
      { what: 'a download', request: head(`GET ${PREFIX}/7`), rest: '' },
    ]) {
      it(`amid ${what} closes the connection to the service, and one that stays has it whole`, async () => {
        let begun = 0;
        let finish = (): void => undefined;
        const { app, upstream, logger } = await rig(express, {
          keys: secret,
          answer: (req, res) => {
            begun += 1;
            if (req.method === 'GET') res.writeHead(200, { 'Content-Length': 100_002 }).write('x'.repeat(100_000));
            finish = () => res.end('ok');
            if (req.method === 'POST') req.once('end', finish);
          },
        });
        const server = await serve(app);
        for (const leave of ['destroy', 'resetAndDestroy'] as const) {
          const client = net.connect(portOf(server), '127.0.0.1').on('error', () => undefined);
          client.write(request + rest.slice(1));
          const before = begun;
          await eventually(() => begun > before && (rest !== '' || client.bytesRead > 1000));
          expect(await openConnections(upstream.server)).to.equal(1);
          client[leave]();
          await eventually(async () => (await openConnections(upstream.server)) === 0);
          await eventually(async () => (await openConnections(server)) === 0);
        }
        expect(logger.lines.map(({ message }) => message)).not.to.include('Forwarding failed');
        if (rest !== '') expect(upstream.seen).to.deep.equal([]);

        const stays = talk(portOf(server), request + rest, 'ok');
        await eventually(() => begun === 3);
        if (rest === '') finish();
        expect((await stays).text).to.match(/^HTTP\/1\.1 200 OK[^]*ok$/);
        expect(upstream.seen.at(-1)?.body).to.equal(rest);
      });
    }
  });

  // G12; more faults are in forward.test.ts and in the soak.
  describe(`gateway, ${name}: what a service answers`, () => {
    withoutNock();
    afterEach(closeRig);
    const answering = (text: string) =>
      rig(express, { keys: secret, answer: (_req, res) => void res.socket!.end(text, 'latin1') });

    for (const [fault, lines, status = 502] of [
      ['none', ['Content-Length: 2'], 200],
      ['a length that is no number', ['Content-Length: abc']],
      ['a negative length', ['Content-Length: -2']],
      ['a signed length', ['Content-Length: +2']],
      ['a hexadecimal length', ['Content-Length: 0x2']],
      ['an empty length', ['Content-Length:']],
      ['two lengths in one line', ['Content-Length: 2, 2']],
      ['a length beyond all numbers', ['Content-Length: 99999999999999999999']],
      ['a length beside chunks', ['Content-Length: 2', 'Transfer-Encoding: chunked']],
      ['a header beyond ASCII', ['Content-Length: 2', 'X-A: \xe9'], 200],
      ['NUL in a header', ['Content-Length: 2', 'X-A: a\0b']],
      ['DEL in a header', ['Content-Length: 2', 'X-A: a\x7fb']],
      ['a bare LF in a header', ['Content-Length: 2', 'X-A: a\nX-B: b']],
      ['a bare CR in a header', ['Content-Length: 2', 'X-A: a\rX-B: b']],
      ['a continued header', ['Content-Length: 2', 'X-A: a', ' b']],
      ['a space in a name', ['Content-Length: 2', 'X A: a']],
      ['no name', ['Content-Length: 2', ': a']],
    ] as const) {
      it(`is passed on whole, or 502: ${fault}`, async () => {
        const { ask, logger } = await answering(['HTTP/1.1 200 OK', ...lines, '', 'ok'].join('\r\n'));
        const answer = await ask({ lines: [bearer] });
        expect(refused(answer)).to.equal(status === 200 ? '200' : '502 upstream_unreachable');
        if (status === 200) expect(answer.text).to.equal('ok');
        expect(logger.lines.filter(({ level }) => level === 'error')).to.have.length(status === 200 ? 0 : 1);
      });
    }

    for (const [statusLine, passed] of [
      ['HTTP/1.1 200 OK', '200'],
      ['HTTP/1.1 200', '200'],
      ['HTTP/1.1  200 OK', '502 upstream_unreachable'],
      ['HTTP/1.1 20 OK', '502 upstream_unreachable'],
      ['HTTP/1.1 2000 OK', '502 upstream_unreachable'],
      ['HTTP/1.1 -200 OK', '502 upstream_unreachable'],
      ['HTTP/1.1 000 OK', '502 upstream_unreachable'],
      ['HTTP/1.2 200 OK', '502 upstream_unreachable'],
      ['http/1.1 200 OK', '502 upstream_unreachable'],
      ['ICY 200 OK', '502 upstream_unreachable'],
    ] as const) {
      it(`gives ${passed}: ${statusLine}`, async () => {
        const { ask } = await answering(`${statusLine}\r\nContent-Length: 2\r\n\r\nok`);
        expect(refused(await ask({ lines: [bearer] }))).to.equal(passed);
      });
    }

    for (const status of [301, 302, 303, 307, 308]) {
      it(`is passed on, not followed: a redirect with ${String(status)}`, async () => {
        const elsewhere = await upstreamOf();
        const location = `${elsewhere.url}/admin?x=1`;
        const answer: http.RequestListener = (_req, res) => {
          res.writeHead(status, { Location: location, 'Content-Length': 2 }).end('go');
        };
        const { ask, upstream } = await rig(express, { keys: secret, answer });
        const { status: got, headers, text } = await ask({ lines: [bearer] });
        expect([got, headers['location'], text]).to.deep.equal([status, location, 'go']);
        expect([upstream.seen.length, elsewhere.seen.length]).to.deep.equal([1, 0]);
      });
    }

    it('is 502 where its name is not known, and comes once it is', async () => {
      const upstream = await upstreamOf();
      const url = upstream.url.replace('127.0.0.1', 'orders-service');
      const { ask, logger } = await rig(express, {
        keys: secret,
        options: { routes: { [PREFIX]: { url, service: SERVICE } } },
      });
      const { lookup: really } = dns;
      const known: string[] = [];
      const answerFor = (host: string, options: dns.LookupOptions, done: (...found: unknown[]) => void): void => {
        if (host !== 'orders-service') really(host, options, done as never);
        else if (!known.includes(host)) done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));
        else if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }]);
        else done(null, '127.0.0.1', 4);
      };
      const lookup = sinon.stub(dns, 'lookup').callsFake(answerFor as unknown as typeof dns.lookup);
      try {
        const answer = await ask({ lines: [bearer] });
        expect(refused(answer)).to.equal('502 upstream_unreachable');
        expect(answer.text).not.to.match(/ENOTFOUND|orders-service/);
        expect(logger.lines.at(-1)?.fields).to.include({ code: 'upstream_unreachable', reason: 'ENOTFOUND' });
        known.push('orders-service');
        expect((await ask({ lines: [bearer] })).status).to.equal(200);
      } finally {
        lookup.restore();
      }
    });
  });
}
