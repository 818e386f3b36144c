import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import {
  createServiceClient,
  type RefreshEvent,
  type ServiceClient,
  type TokenSource,
} from '../../../lib/client/index.js';
import { withoutNock } from '../../support/without-nock.js';
import { memoryLogger, opaqueToken, rejectionOf, startServer, type TestServer, turns } from '../support.js';

const [OLD, NEW] = [opaqueToken(), opaqueToken()];

/** Gives the old token until it is told that it is refused, and then the new one; in a while, where it is to be slow. */
function renewing(isSlow = false): TokenSource & { readonly asked: () => number; readonly told: string[] } {
  const told: string[] = [];
  let asked = 0;
  return {
    told,
    asked: () => asked,
    get() {
      asked++;
      const token = told.includes(OLD) ? NEW : OLD;
      return isSlow ? turns(5).then(() => token) : token;
    },
    invalidate: (token) => void told.push(token),
  };
}

// C13
describe('a service client whose token is answered with 401', () => {
  withoutNock();
  let server: TestServer;
  let accepted: string;
  const tokens = (): (string | undefined)[] => server.requests.map((req) => req.headers.authorization?.slice(7));
  beforeEach(async () => {
    accepted = NEW;
    server = await startServer((req, res) => {
      req.resume();
      res.writeHead(req.headers.authorization === `Bearer ${accepted}` ? 200 : 401).end('answer');
    });
  });
  afterEach(() => server.close());

  for (const method of ['GET', 'DELETE', 'POST'] as const) {
    it(`sends a ${method} once more with the next token of its source`, async () => {
      const source = renewing();
      const client = createServiceClient(source, { baseURL: server.url, maxTries: 1 });
      const refreshes: RefreshEvent[] = [];
      client.events.on('refresh', (event) => refreshes.push(event));
      expect((await client.request({ url: '/', method, data: 'a' })).status).to.equal(200);
      expect(tokens()).to.deep.equal([OLD, NEW]);
      expect(source.told).to.deep.equal([OLD]);
      expect(refreshes).to.deep.equal([{ source: 'token source', reason: 'unauthorized', isRenewed: true }]);
    });
  }

  it('sends it once more only once', async () => {
    accepted = 'neither';
    const client = createServiceClient(renewing(), { baseURL: server.url });
    expect(await rejectionOf(client.get('/'))).to.include({ status: 401, tries: 2, outcome: 'refused' });
    expect(tokens()).to.deep.equal([OLD, NEW]);
  });

  it('sends it once where the source has no other token', async () => {
    for (const source of [OLD, { get: () => OLD }, { get: () => Promise.resolve(OLD), invalidate: () => undefined }]) {
      server.requests.length = 0;
      const client = createServiceClient(source, { baseURL: server.url });
      expect(await rejectionOf(client.get('/'))).to.include({ status: 401, tries: 1, code: 'ERR_BAD_REQUEST' });
      expect(tokens()).to.deep.equal([OLD]);
    }
  });

  it('asks its source for another once, for 100 requests at a time and however many clients', async () => {
    const source = renewing(true);
    const clients = [
      createServiceClient(source, { baseURL: server.url }),
      createServiceClient(source, { baseURL: server.url }),
    ];
    accepted = OLD;
    // A client loads parts of it with its first request, in a time of its own, and then asks in the moment in which it is asked.
    for (const client of clients) await client.get('/');
    accepted = NEW;
    const before = source.asked();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => (clients[i % 2] as ServiceClient).get('/')),
    );
    expect(answers.every((answer) => answer.status === 200)).to.equal(true);
    expect(source.told).to.deep.equal([OLD]);
    // For all 100, and for the other token.
    expect(source.asked() - before).to.equal(2);
  });

  it('asks it nothing more for a request whose refusal comes long after the others', async () => {
    const answers: (() => void)[] = [];
    await server.close();
    server = await startServer((req, res) => {
      const isAccepted = req.headers.authorization === `Bearer ${NEW}`;
      const answer = (): void => void res.writeHead(isAccepted ? 200 : 401).end('answer');
      if (req.url === '/slow' && !isAccepted) answers.push(answer);
      else answer();
    });
    const source = renewing();
    const client = createServiceClient(source, { baseURL: server.url });
    const slow = client.get('/slow');
    expect((await client.get('/')).status).to.equal(200);
    // Longer than the refusal of a token is taken for the echo of an earlier one.
    await sleep(1100);
    expect(answers).to.have.lengthOf(1);
    answers.forEach((answer) => answer());
    expect((await slow).status).to.equal(200);
    expect(source.told).to.deep.equal([OLD]);
    expect(source.asked()).to.equal(3);
  });

  it('keeps the token that came meanwhile where the one of an older request is refused', async () => {
    const source = renewing();
    const client = createServiceClient(source, { baseURL: server.url });
    await client.get('/');
    accepted = 'neither';
    await rejectionOf(client.get('/'));
    // The new one was refused once, the old one, which nobody sends any more, not again.
    expect(source.told).to.deep.equal([OLD, NEW]);
  });

  it('does not send a stream again, but has the next token for the next request', async () => {
    const source = renewing();
    const client = createServiceClient(source, { baseURL: server.url });
    expect(await rejectionOf(client.put('/', Readable.from(['a'])))).to.include({ status: 401, tries: 1 });
    expect((await client.put('/', Readable.from(['a']))).status).to.equal(200);
    expect(tokens()).to.deep.equal([OLD, NEW]);
  });

  it('renews also where the request accepts a 401, streamed or not', async () => {
    for (const responseType of ['text', 'stream'] as const) {
      server.requests.length = 0;
      const client = createServiceClient(renewing(), { baseURL: server.url });
      expect((await client.get('/', { responseType, validateStatus: () => true })).status).to.equal(200);
      expect(tokens()).to.deep.equal([OLD, NEW]);
    }
  });

  const failing: Readonly<Record<string, () => unknown>> = {
    throws: () => {
      throw new Error('vault is sealed');
    },
    rejects: () => Promise.reject(new Error('vault is sealed')),
    'gives an empty text': () => '',
    'gives a text that is no token': () => 'sealed',
  };
  for (const [name, next] of Object.entries(failing)) {
    it(`says so, with the answer, where the source then ${name}`, async () => {
      let isFirst = true;
      const get = (): unknown => {
        if (!isFirst) return next();
        isFirst = false;
        return OLD;
      };
      const client = createServiceClient({ get } as TokenSource, { baseURL: server.url });
      const error = await rejectionOf(client.get('/'));
      expect(error).to.include({ code: 'ERR_TOKEN_UNAVAILABLE', status: 401, tries: 1, outcome: 'refused' });
      expect(tokens()).to.deep.equal([OLD]);
    });
  }

  it('ends a source that then hangs with the time of a try', async () => {
    let isFirst = true;
    const get = (): string | Promise<string> => {
      if (!isFirst) return new Promise<string>(() => undefined);
      isFirst = false;
      return OLD;
    };
    const logger = memoryLogger();
    const client = createServiceClient({ get }, { baseURL: server.url, timeoutMs: 500, logger });
    expect(await rejectionOf(client.get('/'))).to.include({ code: 'ETIMEDOUT', tries: 1 });
  });
});
