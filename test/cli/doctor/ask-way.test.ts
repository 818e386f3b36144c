import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { askWay, isGatewayAt } from '../../../lib/cli/doctor/ask-way.js';
import type { WayEvidence } from '../../../lib/cli/doctor/evidence.js';
import { answer, answered, ECHO, nginxPage, problem, REQUEST_ID, unanswered } from './answers.js';
import { openBakery, PREVIEW } from './faults/bakery.js';
import { makeCertificates } from './faults/certificates.js';
import { eachOnStage, type Stage } from './faults/stage.js';

describe('askWay', function () {
  this.timeout(60_000);
  let stage: Stage;
  eachOnStage((made) => {
    stage = made;
  });

  const ask = (url: string, token?: string, timeoutMs = 5000): Promise<WayEvidence> =>
    askWay({ url: new URL(url), token, timeoutMs, ca: undefined });

  it('asks without the token, and with it; more is not needed where the gateway shows itself', async () => {
    const { gatewayUrl } = await openBakery(stage);
    const way = await ask(gatewayUrl + PREVIEW, stage.mint());
    expect(way).to.have.nested.property('bare.answer.status', 401);
    expect(way).to.have.nested.property('authed.answer.status', 200);
    expect(way.isGatewayThere).to.equal(true);
    expect(stage.requests.filter(({ path }) => path.includes('%5C'))).to.deep.equal([]);
  });

  it('asks for a gateway where none has shown itself, without the token', async () => {
    const { gatewayUrl, serviceUrl } = await openBakery(stage);
    expect((await ask(`${gatewayUrl}/nowhere`, stage.mint())).isGatewayThere).to.equal(true);
    expect((await ask(`${serviceUrl + PREVIEW}?a=b`, stage.mint())).isGatewayThere).to.equal(false);
    const marked = stage.requests.filter(({ path }) => path.includes('%5C'));
    expect(marked).to.deep.equal([
      { method: 'GET', path: '/nowhere/%5C', hasToken: false },
      { method: 'GET', path: `${PREVIEW}/%5C`, hasToken: false },
    ]);
  });

  it('sends nothing more where there is no token, or nobody answers', async () => {
    const { gatewayUrl } = await openBakery(stage);
    expect((await ask(gatewayUrl + PREVIEW)).authed).to.equal(undefined);
    let connections = 0;
    const silent = await stage.tcp((socket) => {
      connections++;
      socket.resume();
    });
    expect((await ask(`http://127.0.0.1:${silent}`, stage.mint(), 50)).authed).to.equal(undefined);
    expect(connections).to.equal(1);
  });

  it('asks once more where it was hung up on', async () => {
    const port = await stage.tcp((socket) => socket.destroy());
    const way = await ask(`http://127.0.0.1:${port}`, stage.mint());
    expect(way).to.have.nested.property('authed.failure.kind', 'closed');
    expect(way.isGatewayThere).to.equal(undefined);
  });

  it('finds out that a port speaks TLS, and sends it no token', async () => {
    const { sound, authority } = makeCertificates(stage);
    const origin = (await stage.https(sound, (_req, res) => res.end())).replace('https:', 'http:');
    expect(await ask(origin, stage.mint())).to.deep.include({ speaksOtherwise: true, authed: undefined });
    const question = { url: new URL(origin), token: stage.mint(), timeoutMs: 5000 };
    const trusting = await askWay({ ...question, ca: readFileSync(authority, 'utf8') });
    expect(trusting).to.deep.include({ speaksOtherwise: true, authed: undefined });
    expect(stage.requests).to.deep.equal([]);
  });

  it('believes no words of TLS where nothing speaks it', async () => {
    const origin = await stage.http((_req, res) => {
      res.writeHead(400).end('The plain HTTP request was sent to HTTPS port');
    });
    expect((await ask(origin, stage.mint())).speaksOtherwise).to.equal(false);
  });

  it('finds out that a port speaks plain http', async () => {
    const { gatewayUrl } = await openBakery(stage);
    expect((await ask(gatewayUrl.replace('http:', 'https:'), stage.mint())).speaksOtherwise).to.equal(true);
    const port = await stage.tcp((socket) => socket.destroy());
    expect((await ask(`https://127.0.0.1:${port}`, stage.mint())).speaksOtherwise).to.equal(false);
  });

  it('takes the usual port of a scheme for that of the other', async () => {
    // Nobody listens there.
    expect((await ask('https://127.1.2.3', stage.mint())).speaksOtherwise).to.equal(false);
  });
});

describe('isGatewayAt', () => {
  const url = new URL('http://api.internal/api/?a=b');
  const TABLE = [
    ['a gateway', answered(problem(400, 'bad_path')), true],
    ['something of ours that is none', answered(answer(404, ECHO)), false],
    ['something in between', answered(nginxPage(400)), undefined],
    ['nobody', unanswered('closed', 'ECONNRESET'), undefined],
  ] as const;
  for (const [who, result, expected] of TABLE) {
    it(`is ${String(expected)} where ${who} answers`, async () => {
      const asked: string[] = [];
      const found = await isGatewayAt(url, REQUEST_ID, (marked) => {
        asked.push(marked.href);
        return Promise.resolve(result);
      });
      expect(found).to.equal(expected);
      expect(asked).to.deep.equal(['http://api.internal/api/%5C']);
    });
  }
});
