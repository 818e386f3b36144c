import net from 'node:net';
import { expect } from 'chai';
import { gateway as createGateway } from '../../../lib/server/gateway/gateway.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { closeRig, portOf, PREFIX, serve, SERVICE } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { bearerLine } from '../../support/proofs.js';
import { recordingLogger } from '../../support/recording-logger.js';

const secret = newSecret();
const BEARER = bearerLine(createServiceToken('sales-service', { keys: secret }));

/** What a byte stream of a client's did. */
interface Exchange {
  /** The status of every answer. */
  readonly answers: readonly number[];
  /** Everything that reached the service, as it stood on the wire. */
  readonly upstream: string;
}

/** A request of which Node's own client would refuse to send some. */
interface Case {
  readonly title: string;
  readonly start?: string;
  readonly lines?: readonly string[];
  readonly body?: string;
}

const CHUNKED = 'Transfer-Encoding: chunked';
const SMUGGLED = `GET ${PREFIX}/smuggled HTTP/1.1\r\nHost: x\r\nX-User-Id: evil\r\n\r\n`;

// G7, G8, G10, G15: refused at the door; the service sees not a byte.
const REFUSED: readonly Case[] = [
  { title: 'Content-Length beside Transfer-Encoding', lines: ['Content-Length: 4', CHUNKED], body: '0\r\n\r\n' },
  { title: 'Transfer-Encoding beside Content-Length', lines: [CHUNKED, 'Content-Length: 4'], body: '0\r\n\r\n' },
  { title: 'two Content-Length lines', lines: ['Content-Length: 5', 'Content-Length: 4'], body: 'abcde' },
  { title: 'two lengths in one line', lines: ['Content-Length: 5, 5'], body: 'abcde' },
  { title: 'a signed length', lines: ['Content-Length: +5'], body: 'abcde' },
  { title: 'a negative length', lines: ['Content-Length: -5'], body: 'abcde' },
  { title: 'a hexadecimal length', lines: ['Content-Length: 0x5'], body: 'abcde' },
  { title: 'an unknown transfer coding', lines: ['Transfer-Encoding: xchunked'], body: '0\r\n\r\n' },
  { title: 'chunked that is not last', lines: ['Transfer-Encoding: chunked, identity'], body: '0\r\n\r\n' },
  { title: 'a continued line (obs-fold)', lines: ['X-A: b', ' c'] },
  { title: 'a continued identity line', lines: ['X-User-Id: b', '\tevil'] },
  { title: 'a space before the colon', lines: ['X-User-Id : evil'] },
  { title: 'a bare CR in a value', lines: ['X-A: b\rX-User-Id: evil'] },
  { title: 'a bare LF in a value', lines: ['X-A: b\nX-User-Id: evil'] },
  { title: 'NUL in a value', lines: ['X-A: b\0c'] },
  { title: 'NUL in a name', lines: ['X-User-Id\0: evil'] },
  { title: 'a line without a colon', lines: ['X-User-Id evil'] },
  { title: 'an absolute target', start: `GET http://evil.example${PREFIX}/7 HTTP/1.1` },
  { title: 'an authority as target', start: 'CONNECT orders-service:80 HTTP/1.1' },
  { title: 'an asterisk as target', start: 'OPTIONS * HTTP/1.1' },
  { title: 'no leading slash', start: `GET ${PREFIX.slice(1)}/7 HTTP/1.1` },
  { title: 'a tab in the target', start: `GET ${PREFIX}/\t7 HTTP/1.1` },
  { title: 'HTTP/0.9', start: `GET ${PREFIX}/7` },
  { title: 'HTTP/2.0 in the form of HTTP/1', start: `GET ${PREFIX}/7 HTTP/2.0` },
  { title: 'a second Host', lines: ['Host: evil.example'] },
  { title: 'a second Host that says the same', lines: ['HOST: shop'] },
  { title: 'a method in lower case', start: `get ${PREFIX}/7 HTTP/1.1` },
  { title: 'TRACE', start: `TRACE ${PREFIX}/7 HTTP/1.1` },
  { title: 'an upgrade', lines: ['Connection: Upgrade', 'Upgrade: websocket'] },
  { title: 'headers of 40 KB', lines: [`X-Big: ${'a'.repeat(40_000)}`] },
];

// Their twins: sound, or harmless once the gateway has written it anew. One request arrives, with one framing.
const PASSED: readonly (Case & { readonly framing: string; readonly arrives?: string })[] = [
  { title: 'a GET', framing: '' },
  {
    title: 'a length',
    start: `POST ${PREFIX}/7 HTTP/1.1`,
    lines: ['Content-Length: 5'],
    body: 'abcde',
    framing: 'Content-Length: 5',
    arrives: 'abcde',
  },
  {
    title: 'chunks',
    start: `POST ${PREFIX}/7 HTTP/1.1`,
    lines: [CHUNKED],
    body: '5\r\nabcde\r\n0\r\n\r\n',
    framing: CHUNKED,
    arrives: 'abcde',
  },
  {
    title: 'a chunk extension',
    start: `POST ${PREFIX}/7 HTTP/1.1`,
    lines: [CHUNKED],
    body: '5;x=y\r\nabcde\r\n0\r\n\r\n',
    framing: CHUNKED,
    arrives: 'abcde',
  },
  {
    title: 'trailers that name somebody',
    start: `POST ${PREFIX}/7 HTTP/1.1`,
    lines: [CHUNKED, 'Trailer: x-user-id'],
    body: '5\r\nabcde\r\n0\r\nx-user-id: evil\r\nX_Service_Name: evil\r\n\r\n',
    framing: CHUNKED,
    arrives: 'abcde',
  },
  {
    title: 'identity nominated by Connection',
    lines: ['Connection: x-user-type, X-Gateway-Assertion', 'CONNECTION: close,x-user-id'],
    framing: '',
  },
  {
    title: 'a request in the body of another',
    start: `POST ${PREFIX}/7 HTTP/1.1`,
    lines: [`Content-Length: ${String(SMUGGLED.length)}`],
    body: SMUGGLED,
    framing: `Content-Length: ${String(SMUGGLED.length)}`,
    arrives: SMUGGLED,
  },
];

// H5, G1: over a hundred ways to write our names that some reader takes for ours.
const SEPARATORS = ['-', '_', '.', '~', '!', '+', '*', "'", '`', '^', '|', '#', '$', '%', '&'];
const ALIASES = [
  'user-id',
  'user-type',
  'service-name',
  'tenant-id',
  'user-role',
  'user-email',
  'gateway-assertion',
].flatMap((name) =>
  SEPARATORS.map((sign, index) => `X${sign}${name.replace('-', SEPARATORS[(index + 1) % SEPARATORS.length]!)}: evil`),
);

for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`gateway, ${name}: on the wire`, () => {
    let port: number;
    let upstream = '';
    let service: net.Server;
    const sockets = new Set<net.Socket>();

    beforeEach(async () => {
      upstream = '';
      // A bare socket: it takes what comes, whatever it is.
      service = net.createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('data', (chunk) => {
          upstream += chunk.toString('latin1');
          if (!isComplete(upstream)) return;
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
        });
      });
      await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
      const middleware = createGateway({
        keys: secret,
        routes: {
          [PREFIX]: {
            url: `http://127.0.0.1:${String((service.address() as net.AddressInfo).port)}`,
            service: SERVICE,
          },
        },
        logger: recordingLogger(),
      });
      port = portOf(await serve(express().use(middleware)));
    });
    afterEach(async () => {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
      service.close();
      await closeRig();
    });

    const send = ({ start = `GET ${PREFIX}/7 HTTP/1.1`, lines = [], body = '' }: Partial<Case>): Promise<Exchange> =>
      write([start, 'Host: shop', 'Connection: close', BEARER, ...lines, '', body].join('\r\n'));

    async function write(text: string): Promise<Exchange> {
      const received = await new Promise<string>((resolve) => {
        let got = '';
        const socket = net.connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
        socket.on('data', (chunk) => (got += chunk.toString('latin1')));
        socket
          .on('error', () => undefined)
          .on('close', () => {
            resolve(got);
          });
      });
      return { answers: [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)), upstream };
    }

    for (const wrong of REFUSED) {
      it(`refuses ${wrong.title}`, async () => {
        const { answers, upstream: seen } = await send(wrong);
        for (const status of answers) expect(status).to.be.within(400, 502).and.not.equal(500);
        expect(answers.length).to.be.lessThan(2);
        expect(seen).to.equal('');
      });
    }

    for (const { framing, arrives = '', ...sound } of PASSED) {
      it(`passes on ${sound.title}, as one request with one framing`, async () => {
        const { answers, upstream: seen } = await send(sound);
        expect(answers).to.deep.equal([200]);
        const { lines, body } = parse(seen);
        expect(lines.filter((line) => /^(?:content-length|transfer-encoding):/i.test(line))).to.deep.equal(
          framing === '' ? [] : [framing],
        );
        expect(lines.filter((line) => /^host:/i.test(line))).to.have.length(1);
        expect(lines.join('\n'))
          .to.include('x-user-id: sales-service')
          .and.match(/^x-gateway-assertion: ey/m)
          .and.not.include('evil');
        expect(body).to.equal(arrives);
      });
    }

    // G10: its head has gone on before the fault is seen: what matters is that no service takes it for a whole request.
    it('never completes a request whose chunks are broken', async () => {
      const start = `POST ${PREFIX}/7 HTTP/1.1`;
      const { answers, upstream: seen } = await send({
        start,
        lines: [CHUNKED],
        body: '5\r\nabcde\r\nzz\r\n0\r\n\r\n',
      });
      expect(answers).not.to.include(200);
      expect(isComplete(seen)).to.equal(false);
    });

    it(`passes on none of ${String(ALIASES.length)} ways to write our names`, async () => {
      for (let i = 0; i < ALIASES.length; i += 15) {
        upstream = '';
        const { answers, upstream: seen } = await send({ lines: ALIASES.slice(i, i + 15) });
        expect(answers).to.deep.equal([200]);
        expect(seen).to.include('x-user-id: sales-service').and.not.include('evil');
      }
    });

    // G17
    it('tells the second of two pipelined requests from the first', async () => {
      const request = (path: string, ...lines: readonly string[]): string =>
        [`GET ${PREFIX}${path} HTTP/1.1`, 'Host: shop', ...lines, '', ''].join('\r\n');
      const second = ['X-User-Id: evil', 'Connection: close'];
      const both = await write(request('/1', BEARER) + request('/2', BEARER, ...second));
      expect(both.answers).to.deep.equal([200, 200]);
      expect(both.upstream).to.include(`${PREFIX}/2`).and.not.include('evil');
      upstream = '';
      const one = await write(request('/1', BEARER) + request('/2', ...second));
      expect(one.answers).to.deep.equal([200, 401]);
      expect(one.upstream).to.include(`${PREFIX}/1`).and.not.include(`${PREFIX}/2`);
    });
  });
}

function isComplete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const head = text.slice(0, end);
  const length = /^content-length: (\d+)/im.exec(head);
  if (length !== null) return text.length >= end + 4 + Number(length[1]);
  return !/^transfer-encoding:/im.test(head) || text.endsWith('0\r\n\r\n');
}

/** Head and body of the one request that arrived; any byte more than that fails. */
function parse(text: string): { lines: readonly string[]; body: string } {
  const end = text.indexOf('\r\n\r\n');
  const [, ...lines] = text.slice(0, end).split('\r\n');
  const rest = text.slice(end + 4);
  const chunk = /^([0-9a-f]+)\r\n/.exec(rest);
  if (!/^transfer-encoding:/im.test(text.slice(0, end)) || chunk === null) return { lines, body: rest };
  const body = rest.slice(chunk[0].length, chunk[0].length + Number.parseInt(chunk[1]!, 16));
  expect(rest).to.equal(`${chunk[0]}${body}\r\n0\r\n\r\n`);
  return { lines, body };
}
