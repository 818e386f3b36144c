import { EventEmitter } from 'node:events';
import axios, { AxiosError, AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import { expect } from 'chai';
import { type CreateServiceClientOptions, createServiceClient, type ServiceClient } from '../../../lib/client/index.js';
import { askService, type ServiceAnswer } from '../../../lib/client/tenant-deletion/service-answer.js';
import { withoutNock } from '../../support/without-nock.js';
import { expectNoToken, memoryLogger, opaqueToken, startServer, type TestServer } from '../support.js';
import { LONG_MS, quickWaits } from './support.js';
import { throwAnything } from '../../support/throw-anything.js';

describe('askService', () => {
  withoutNock();
  quickWaits();
  const token = opaqueToken();
  let server: TestServer;
  let answers: (
    | readonly [status: number, type?: string | undefined, body?: string | undefined, headers?: Record<string, string>]
    | 'reset'
  )[];
  beforeEach(async () => {
    answers = [];
    server = await startServer((req, res) => {
      const next = answers.shift() ?? [204];
      if (next === 'reset') {
        req.socket.destroy();
        return;
      }
      const [status, type, body, headers] = next;
      res.writeHead(status, { ...(type !== undefined && { 'content-type': type }), ...headers });
      res.end(body);
    });
  });
  afterEach(() => server.close());

  const clientWith = (options: CreateServiceClientOptions = {}): ServiceClient =>
    createServiceClient(token, {
      timeoutMs: LONG_MS,
      deadlineMs: LONG_MS,
      maxTries: 1,
      circuitBreaker: false,
      ...options,
    });
  const ask = (client = clientWith(), requestId = 'r-1', path = '/x'): Promise<ServiceAnswer> =>
    askService(client, {
      method: 'DELETE',
      url: `${server.url}${path}`,
      requestId,
      headers: { 'idempotency-key': 'k-1' },
      signal: new AbortController().signal,
    });

  it('sends the request with its id and headers', async () => {
    await ask();
    expect(server.requests[0]).to.include({ method: 'DELETE', url: '/x' });
    expect(server.requests[0]?.headers).to.include({
      'x-request-id': 'r-1',
      'idempotency-key': 'k-1',
      authorization: `Bearer ${token}`,
    });
  });

  it('needs no headers', async () => {
    const answer = await askService(clientWith(), {
      method: 'GET',
      url: server.url,
      requestId: 'r-2',
      signal: new AbortController().signal,
    });
    expect(answer.status).to.equal(204);
    expect(server.requests[0]?.headers)
      .to.include({ 'x-request-id': 'r-2' })
      .and.not.to.have.property('idempotency-key');
  });

  it('takes a success apart', async () => {
    answers.push([202, 'application/json', '{"deleted":{"a":1}}', { location: '/jobs/1', 'retry-after': '3' }]);
    expect(await ask()).to.deep.equal({
      isOfAnother: false,
      status: 202,
      speaker: 'unclear',
      body: { deleted: { a: 1 } },
      location: '/jobs/1',
      ran: 'completed',
      isLost: false,
      code: undefined,
      detail: undefined,
      retryAfterMs: 3000,
      tries: 1,
    });
  });

  it('takes a refusal for an answer', async () => {
    const problem = JSON.stringify({ code: 'busy', detail: 'Not now.' });
    answers.push([429, 'application/problem+json', problem, { 'retry-after': '3' }]);
    expect(await ask()).to.deep.include({
      status: 429,
      speaker: 'service',
      location: undefined,
      ran: 'refused',
      isLost: false,
      code: 'busy',
      detail: 'Not now.',
      retryAfterMs: 3000,
      tries: 1,
    });
  });

  it('takes none for an answer too', async () => {
    answers.push('reset');
    expect(await ask()).to.include({ status: undefined, speaker: 'between', ran: 'unknown', isLost: true, tries: 1 });
    const { url } = server;
    await server.close();
    const answer = await askService(clientWith(), {
      method: 'DELETE',
      url,
      requestId: 'r',
      signal: new AbortController().signal,
    });
    expect(answer).to.include({ status: undefined, ran: 'not_sent', isLost: false, code: 'ECONNREFUSED' });
    expect(answer.detail).to.be.a('string').that.does.not.include('DELETE');
  });

  it('says nothing was sent where its signal is aborted', async () => {
    const answer = await askService(clientWith(), {
      method: 'DELETE',
      url: server.url,
      requestId: 'r',
      signal: AbortSignal.abort(),
    });
    expect(answer).to.include({ code: 'ERR_CANCELED', ran: 'not_sent', tries: 0 });
    expect(server.requests).to.deep.equal([]);
  });

  for (const [type, body, speaker] of [
    ['application/problem+json', '{}', 'service'],
    ['Application/Problem+JSON; charset=utf-8', '{"code":7,"detail":""}', 'service'],
    ['application/problem+json', 'no JSON', 'service'],
    ['application/problem+json ;charset=utf-8', '{}', 'service'],
    ['application/json', '{"code":"x"}', 'unclear'],
    ['application/vnd.api+json;v=1', '{}', 'unclear'],
    ['text/html', '<p>', 'between'],
    ['text/plain', 'no', 'between'],
    ['application/jsonp', '{}', 'between'],
    [undefined, undefined, 'between'],
  ] as const) {
    for (const status of [200, 404]) {
      it(`takes ${status} with ${String(type)} for said by ${speaker}`, async () => {
        answers.push([status, type, body]);
        expect((await ask()).speaker).to.equal(speaker);
      });
    }
  }

  it('gives the code of the client where a problem has none', async () => {
    answers.push([404, 'application/problem+json', '{"code":7,"detail":""}']);
    expect(await ask()).to.include({ code: 'ERR_BAD_REQUEST', detail: 'Request failed with status code 404' });
  });

  it('keeps 300 characters of what a problem says, and all of a Location', async () => {
    const long = 'x'.repeat(1000);
    answers.push([
      303,
      'application/problem+json',
      JSON.stringify({ code: long, detail: long }),
      { location: `/${long}` },
    ]);
    const answer = await ask();
    expect([answer.code?.length, answer.detail?.length]).to.deep.equal([300, 300]);
    expect(answer.location).to.equal(`/${long}`);
    answers.push([202, undefined, undefined, { location: `/${long}` }], [202, undefined, undefined, { location: '' }]);
    expect((await ask()).location).to.equal(`/${long}`);
    expect((await ask()).location).to.equal(undefined);
  });

  it('counts the tries of one request, and no others', async () => {
    const logger = memoryLogger();
    const client = clientWith({ maxTries: 3, logger });
    answers.push([503], [503], [204]);
    const [first, others] = await Promise.all([ask(client, 'r-1'), ask(client, 'r-2')]);
    expect(first.tries + others.tries).to.equal(4);
    const [, , third] = await Promise.all([client.get(server.url), client.get(server.url), ask(client, 'r-3')]);
    expect(third.tries).to.equal(1);
    expect(logger.lines.filter(({ level }) => level === 'warn')).to.deep.equal([]);
  });

  it('counts by the events of a client that many share', async () => {
    const events = new EventEmitter();
    const [one, other] = [clientWith({ maxTries: 3, events }), clientWith({ maxTries: 3, events })];
    answers.push([503], [503], [204]);
    const both = await Promise.all([ask(one, 'r-1'), ask(other, 'r-2')]);
    expect(both.reduce((sum, { tries }) => sum + tries, 0)).to.equal(4);
    expect(events.listenerCount('try')).to.equal(0);
  });

  for (const [name, script, isLost] of [
    ['503 and 204', [[503], [204]], false],
    ['a broken connection and 204', ['reset', [204]], true],
    ['a broken connection and 500', ['reset', [500], [500]], true],
    ['504 and 500', [[504], [500], [500]], true],
    ['500, 500 and 500', [[500], [500], [500]], false],
  ] as const) {
    it(`knows that ${name} ${isLost ? 'leave' : 'do not leave'} a try without an answer`, async () => {
      answers.push(...script);
      const answer = await ask(clientWith({ maxTries: 3 }));
      // What succeeds needs no telling apart.
      if (answer.status !== 204 || isLost) expect(answer.isLost).to.equal(isLost);
      expect(answer.tries).to.equal(script.length);
    });
  }

  it('leaves no listener behind', async () => {
    const client = clientWith();
    const emitter = client.events as unknown as EventEmitter;
    const asking = Array.from({ length: 20 }, (_, index) => ask(client, `r-${String(index)}`));
    expect(emitter.listenerCount('try')).to.equal(1);
    await Promise.all(asking);
    expect(emitter.listenerCount('try')).to.equal(0);
  });

  it('takes what an interceptor throws for an answer that says nothing', async () => {
    const client = clientWith();
    client.interceptors.response.use(() => {
      throw new Error(`a secret Bearer ${token}`);
    });
    const answer = await ask(client);
    expect(answer).to.include({ status: undefined, ran: 'unknown', tries: 1, code: undefined });
    expect(answer.detail).to.match(/^a secret/);
    expectNoToken(answer, token);
    const silent = clientWith();
    silent.interceptors.request.use(() => throwAnything('no error'));
    expect(await ask(silent)).to.include({ status: undefined, ran: 'unknown', tries: 0, detail: undefined });
  });

  it('takes what a stand-in for a client throws for the same, and counts no more', async () => {
    const events = new EventEmitter();
    const request = (): never => {
      throw new Error('not today');
    };
    expect(await ask({ request, events } as unknown as ServiceClient)).to.include({
      ran: 'unknown',
      detail: 'not today',
    });
    expect(events.listenerCount('try')).to.equal(0);
  });

  it('believes another adapter one try, and an error without an answer none', async () => {
    const client = clientWith();
    const given = (config: InternalAxiosRequestConfig) => ({
      data: '',
      status: 200,
      statusText: 'OK',
      headers: new AxiosHeaders(),
      config,
    });
    client.defaults.adapter = (config) => Promise.resolve(given(config));
    expect(await ask(client)).to.include({ status: 200, tries: 1 });
    client.defaults.adapter = (config) =>
      Promise.reject(new AxiosError('Network Error', 'ERR_NETWORK', config, undefined, undefined));
    expect(await ask(client)).to.include({ status: undefined, ran: 'unknown', code: 'ERR_NETWORK' });
    expect(axios.isAxiosError(new Error('x'))).to.equal(false);
  });
});
