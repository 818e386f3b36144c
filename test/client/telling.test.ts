import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import nock from 'nock';
import { restore, stub } from 'sinon';
import { createServiceClient, type RefreshEvent, type RetryEvent, type TryEvent } from '../../lib/client/index.js';
import { runInRequest } from '../../lib/shared/request-context.js';
import { expectNoToken, memoryLogger, opaqueToken, rejectionOf } from './support.js';

const ORDERS = 'http://orders-service:8000';
const token = opaqueToken();

describe('what a service client tells', () => {
  beforeEach(() => {
    stub(Math, 'random').returns(0.5);
  });
  afterEach(() => {
    restore();
  });

  it('is an event for each try and each retry', async () => {
    nock(ORDERS).delete('/tenant/7').query({ a: 1 }).reply(503).delete('/tenant/7').query({ a: 1 }).reply(200, 'ok');
    const client = createServiceClient(token, { baseURL: ORDERS, logger: memoryLogger() });
    const tries: TryEvent[] = [];
    const retries: RetryEvent[] = [];
    client.events.on('try', (event) => tries.push(event));
    client.events.on('retry', (event) => retries.push(event));
    await client.delete('/tenant/7?a=1', { headers: { 'x-request-id': 'r-1' } });
    const request = { service: 'orders-service', method: 'DELETE', url: `${ORDERS}/tenant/7`, requestId: 'r-1' };
    expect(tries.map(({ durationMs, ...event }) => (expect(durationMs).to.be.within(0, 2000), event))).to.deep.equal([
      { ...request, try: 1, status: 503, code: 'ERR_BAD_RESPONSE', outcome: 'unknown' },
      { ...request, try: 2, status: 200, code: undefined, outcome: 'completed' },
    ]);
    expect(retries).to.deep.equal([{ ...request, try: 1, status: 503, code: 'ERR_BAD_RESPONSE', delayMs: 50 }]);
    expectNoToken([tries, retries], token);
  });

  it('goes to the emitter that it is given, which several clients may share, those of create() too', async () => {
    nock(ORDERS).get('/x').times(3).reply(204);
    const events = new EventEmitter();
    let tries = 0;
    events.on('try', () => tries++);
    const client = createServiceClient(token, { baseURL: ORDERS, events });
    await client.get('/x');
    await client.create().get('/x');
    await createServiceClient(token, { baseURL: ORDERS, events }).get('/x');
    expect(tries).to.equal(3);
    expect(client.events).to.equal(events);
  });

  it('is a debug line for each try, without the token', async () => {
    nock(ORDERS).get('/x').query({ secret: 's' }).reply(404, `no ${token}`);
    const logger = memoryLogger();
    const client = createServiceClient(token, { baseURL: ORDERS, logger });
    await rejectionOf(client.get('/x?secret=s'));
    expect(logger.lines).to.have.length(1);
    expect(logger.lines[0]).to.include({ level: 'debug', message: 'Service request' });
    expect(logger.lines[0]?.fields).to.include({
      service: 'orders-service',
      method: 'GET',
      url: `${ORDERS}/x`,
      try: 1,
      status: 404,
      code: 'ERR_BAD_REQUEST',
      outcome: 'refused',
    });
    expectNoToken(logger.lines, token);
  });

  it('names the service that it is told', async () => {
    nock('http://127.0.0.1:8123').get('/x').reply(500);
    const client = createServiceClient(token, {
      baseURL: 'http://127.0.0.1:8123',
      service: 'orders-service',
      maxTries: 1,
    });
    expect(await rejectionOf(client.get('/x'))).to.include({ service: 'orders-service' });
  });

  it('is an event where the source gives another token by itself', async () => {
    nock(ORDERS).get('/x').times(3).reply(204);
    const tokens = [token, token, opaqueToken()];
    const client = createServiceClient({ get: () => tokens.shift() as string, name: 'vault' }, { baseURL: ORDERS });
    const refreshes: RefreshEvent[] = [];
    client.events.on('refresh', (event) => refreshes.push(event));
    for (let i = 0; i < 3; i++) await client.get('/x');
    expect(refreshes).to.deep.equal([{ source: 'vault', reason: 'changed', isRenewed: true }]);
  });

  it('warns once a day of a token that will soon expire, however many clients are made of it', async () => {
    nock(ORDERS).get('/x').times(3).reply(204);
    const header = Buffer.from('{ "alg":"HS256"}').toString('base64url');
    const inTenDays = Math.floor(Date.now() / 1000) + 10 * 86_400 + 60;
    const claims = Buffer.from(JSON.stringify({ service: 'sales-service', exp: inTenDays })).toString('base64url');
    const logger = memoryLogger();
    for (let i = 0; i < 3; i++)
      await createServiceClient(`${header}.${claims}.c2ln`, { baseURL: ORDERS, logger }).get('/x');
    const warnings = logger.lines.filter(({ level }) => level === 'warn');
    expect(warnings).to.have.length(1);
    expect(warnings[0]?.fields).to.include({
      service: 'sales-service',
      days_left: 10,
      expires: new Date(inTenDays * 1000).toISOString(),
    });
  });
});

describe('the trace of the request that is being handled', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const client = createServiceClient(token, { baseURL: ORDERS });

  it('is carried on, with its state', async () => {
    nock(ORDERS).get('/x').matchHeader('traceparent', traceparent).matchHeader('tracestate', 'a=1').reply(204);
    const context = { requestId: 'r-1', traceparent, tracestate: 'a=1' };
    expect((await runInRequest(context, () => client.get('/x'))).status).to.equal(204);
    nock(ORDERS, { badheaders: ['tracestate'] })
      .get('/x')
      .matchHeader('traceparent', traceparent)
      .reply(204);
    expect((await runInRequest({ requestId: 'r-1', traceparent }, () => client.get('/x'))).status).to.equal(204);
  });

  it('is not mixed with one that the caller sets', async () => {
    const own = traceparent.replace('b7', 'c8');
    nock(ORDERS, { badheaders: ['tracestate'] })
      .get('/x')
      .matchHeader('traceparent', own)
      .reply(204);
    const context = { requestId: 'r-1', traceparent, tracestate: 'a=1' };
    const headers = { traceparent: own };
    expect((await runInRequest(context, () => client.get('/x', { headers }))).status).to.equal(204);
  });

  it('is none where there is none', async () => {
    nock(ORDERS, { badheaders: ['traceparent', 'tracestate'] })
      .get('/x')
      .times(2)
      .reply(204);
    await client.get('/x');
    await runInRequest({ requestId: 'r-1' }, () => client.get('/x'));
  });
});
