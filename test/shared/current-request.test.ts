import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { currentRequest, currentRequestId, runWithRequestId } from '../../lib/shared/current-request.js';
import { type RequestContext, runInRequest } from '../../lib/shared/request-context.js';
import { seenAllAlong } from '../support/seen-all-along.js';

const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;

describe('currentRequest', () => {
  it('is undefined outside of a request', () => {
    expect(currentRequest()).to.equal(undefined);
  });

  it('reads the storage that every copy of this package shares', () => {
    runInRequest({ requestId: 'a' }, () => undefined);
    const shared = (globalThis as Record<symbol, unknown>)[Symbol.for('service-auth.request')];
    expect(shared).to.be.instanceOf(AsyncLocalStorage);
    const ofTheOther = { requestId: 'of the other copy', traceparent };
    (shared as AsyncLocalStorage<RequestContext>).run(ofTheOther, () => {
      expect(currentRequest()).to.equal(ofTheOther);
    });
  });
});

describe('runWithRequestId', () => {
  it('returns what the work returns', () => {
    expect(runWithRequestId('a', () => 42)).to.equal(42);
  });

  it('lets an error of the work through', () => {
    const failure = new Error('no');
    expect(() =>
      runWithRequestId('a', () => {
        throw failure;
      }),
    ).to.throw(failure);
  });

  it('gives everything that the work starts its id, through awaits, timers and callbacks', async () => {
    const seen = () => seenAllAlong(currentRequestId);
    const [a, b] = await Promise.all([runWithRequestId('a', seen), runWithRequestId('b', seen)]);
    expect(a).to.deep.equal(['a', 'a', 'a', 'a']);
    expect(b).to.deep.equal(['b', 'b', 'b', 'b']);
  });

  it('nests, and gives the outer id back', () => {
    runWithRequestId('outer', () => {
      expect(runWithRequestId('inner', currentRequestId)).to.equal('inner');
      expect(currentRequestId()).to.equal('outer');
    });
  });

  it('keeps the trace context of the request with this id, and takes none from another', () => {
    const context = { requestId: 'a', traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`, tracestate: 'a=1' };
    runInRequest(context, () => {
      expect(runWithRequestId('a', currentRequest)).to.deep.equal(context);
      expect(runWithRequestId('b', currentRequest)).to.deep.equal({ requestId: 'b' });
    });
    expect(runWithRequestId('a', currentRequest)).to.deep.equal({ requestId: 'a' });
  });
});

describe('currentRequestId', () => {
  it('is undefined outside of a request', () => {
    expect(currentRequestId()).to.equal(undefined);
  });

  it('is the id of the context that the server half has entered', () => {
    expect(runInRequest({ requestId: 'a' }, currentRequestId)).to.equal('a');
  });
});
