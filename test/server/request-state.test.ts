import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { readRequestContext, requestStateOf, setRequestState } from '../../lib/server/request-state.js';

describe('requestStateOf', () => {
  const state = { context: { requestId: 'r-1' }, caller: undefined, error: undefined };

  it('is undefined before anybody has looked', () => {
    expect(requestStateOf({} as IncomingMessage)).to.equal(undefined);
  });

  it('returns what was recorded last', () => {
    const req = {} as IncomingMessage;
    setRequestState(req, { ...state, context: { requestId: 'r-0' } });
    setRequestState(req, state);
    expect(requestStateOf(req)).to.equal(state);
    expect(Object.keys(req)).to.deep.equal([]);
  });

  it('is that of a request that is made of it too, and of no other', () => {
    const req = {} as IncomingMessage;
    setRequestState(req, state);
    expect(requestStateOf(Object.create(Object.create(req) as object) as IncomingMessage)).to.equal(state);
    expect(requestStateOf(Object.assign({}, req))).to.equal(undefined);
  });

  it('is understood by another copy of this package', () => {
    const req = {} as IncomingMessage;
    const shared = (globalThis as Record<symbol, unknown>)[Symbol.for('service-auth.request-states')];
    (shared as WeakMap<IncomingMessage, typeof state>).set(req, state);
    expect(requestStateOf(req)).to.equal(state);
  });
});

describe('readRequestContext', () => {
  const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
  const read = (headers: Readonly<Record<string, string>>) => readRequestContext({ headers } as IncomingMessage);

  it('reads the request id and the trace context', () => {
    const trace = { traceparent, tracestate: 'a=1' };
    expect(read({ 'x-request-id': 'r-1', ...trace })).to.deep.equal({ requestId: 'r-1', ...trace });
  });

  it('leaves out what is absent or malformed, but for the request id, which it makes', () => {
    expect(read({ 'x-request-id': 'r-1' })).to.deep.equal({ requestId: 'r-1' });
    expect(read({ 'x-request-id': 'r-1', traceparent: 'x', tracestate: 'a=1' })).to.deep.equal({
      requestId: 'r-1',
    });
    const { requestId, ...trace } = read({ 'x-request-id': 'r 1', traceparent });
    expect(requestId).to.match(/^[0-9a-f-]{36}$/);
    expect(trace).to.deep.equal({ traceparent });
  });
});
