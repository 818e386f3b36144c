import type { Socket } from 'node:net';
import { expect } from 'chai';
import { type Answer, probe, type ProbeResult } from '../../../lib/cli/doctor/probe.js';
import { withoutNock } from '../../support/without-nock.js';
import { closedPort, createStage, type Stage } from './faults/stage.js';

describe('probe', function () {
  this.timeout(60_000);
  withoutNock();
  let stage: Stage;
  beforeEach(() => {
    stage = createStage((name) => name);
  });
  afterEach(() => stage.end());

  const ask = (url: string, more: { token?: string; timeoutMs?: number } = {}): Promise<ProbeResult> =>
    probe({ url: new URL(url), requestId: 'doctor-1', timeoutMs: 5000, ...more });

  /** Asks what answers with this text as soon as anything is asked. */
  async function askRaw(text: string, end = true, timeoutMs = 5000): Promise<ProbeResult> {
    const port = await stage.tcp((socket: Socket) => {
      socket.once('data', () => (end ? socket.end(text, 'latin1') : socket.write(text, 'latin1')));
    });
    return await ask(`http://127.0.0.1:${port}`, { timeoutMs });
  }

  function answerOf(result: ProbeResult): Answer {
    if ('answer' in result) return result.answer;
    throw new Error(JSON.stringify(result));
  }

  it('sends one GET with request id and token, and reads the answer', async () => {
    const seen: unknown[] = [];
    const origin = await stage.http((req, res) => {
      const { authorization, host, 'x-request-id': id } = req.headers;
      seen.push([req.method, req.url, authorization, host, id]);
      res.writeHead(200, { 'set-cookie': ['a=1', 'b=2'], 'x-a': 'b' }).end('hello');
    });
    const { status, headers, body, end, ms } = answerOf(await ask(`${origin}/a?b=c`, { token: 'abc' }));
    expect({ status, body, end }).to.deep.equal({ status: 200, body: 'hello', end: 'whole' });
    expect(headers).to.include({ 'set-cookie': 'a=1', 'x-a': 'b' });
    expect(ms).to.be.at.least(0);
    expect(seen).to.deep.equal([['GET', '/a?b=c', 'Bearer abc', new URL(origin).host, 'doctor-1']]);
  });

  it('sends no Authorization where there is no token, and follows no redirect', async () => {
    const seen: unknown[] = [];
    const origin = await stage.http((req, res) => {
      seen.push(req.headers.authorization);
      res.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect(answerOf(await ask(origin)).status).to.equal(302);
    expect(seen).to.deep.equal([undefined]);
  });

  it('keeps 64 KiB of a body', async () => {
    const origin = await stage.http((_req, res) => res.end('x'.repeat(200_000)));
    const { body, end } = answerOf(await ask(origin));
    expect({ length: body.length, end }).to.deep.equal({ length: 65_536, end: 'long' });
  });

  it('tells of a body that breaks off', async () => {
    const { body, end } = answerOf(await askRaw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'));
    expect({ body, end }).to.deep.equal({ body: 'half', end: 'cut' });
  });

  it('waits for no end of a body that has none', async () => {
    const { end } = answerOf(await askRaw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', false, 200));
    expect(end).to.equal('long');
  });

  it('tells of a server that is not reached', async () => {
    const result = await ask(`http://127.0.0.1:${await closedPort()}`);
    expect(result).to.have.nested.property('failure.phase', 'connect');
  });

  it('tells of a server that is silent, hangs up, speaks another protocol or changes it', async () => {
    const silent = await stage.tcp((socket) => socket.resume());
    const FAILURES: readonly (readonly [kind: string, result: ProbeResult])[] = [
      ['silent', await ask(`http://127.0.0.1:${silent}`, { timeoutMs: 50 })],
      ['closed', await askRaw('')],
      ['not-http', await askRaw('-ERR unknown command\r\n')],
      ['not-http', await askRaw('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')],
    ];
    for (const [kind, result] of FAILURES) expect(result).to.have.nested.property('failure.kind', kind);
    expect(FAILURES[2]?.[1]).to.have.nested.property('failure.said').that.includes('-ERR unknown command');
  });
});
