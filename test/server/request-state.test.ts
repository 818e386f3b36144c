import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { requestStateOf, setRequestState } from '../../lib/server/request-state.js';

describe('requestStateOf', () => {
  const state = { requestId: 'r-1', caller: undefined, error: undefined };

  it('is undefined before anybody has looked', () => {
    expect(requestStateOf({} as IncomingMessage)).to.equal(undefined);
  });

  it('returns what was recorded last', () => {
    const req = {} as IncomingMessage;
    setRequestState(req, { ...state, requestId: 'r-0' });
    setRequestState(req, state);
    expect(requestStateOf(req)).to.equal(state);
    expect(Object.keys(req)).to.deep.equal([]);
  });

  it('is understood by another copy of this package', () => {
    const req = { [Symbol.for('service-auth.request-state')]: state } as unknown as IncomingMessage;
    expect(requestStateOf(req)).to.equal(state);
  });
});
