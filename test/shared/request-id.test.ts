import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { currentRequest, runInRequest } from '../../lib/shared/request-context.js';
import {
  currentRequestId,
  isRequestId,
  REQUEST_ID_HEADER,
  requestIdFrom,
  runWithRequestId,
} from '../../lib/shared/request-id.js';
import { shown } from '../support/shown.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('isRequestId', () => {
  for (const id of ['a', 'A.b_c-9', 'a'.repeat(128)])
    it(`accepts ${id.slice(0, 10)}`, () => expect(isRequestId(id)).to.equal(true));
  for (const id of [
    '',
    ' ',
    'a b',
    'a\n',
    'a,b',
    'é',
    'a/b',
    '<script>',
    '\u001B[31m',
    'a'.repeat(129),
    undefined,
    7,
    ['a'],
  ]) {
    it(`refuses ${shown(id)}`, () => expect(isRequestId(id)).to.equal(false));
  }
});

describe('requestIdFrom', () => {
  it('keeps a sane id and replaces any other by a new UUID', () => {
    expect(requestIdFrom('req-1')).to.equal('req-1');
    expect(requestIdFrom('req 1')).to.match(UUID);
    expect(requestIdFrom(undefined)).to.match(UUID).and.not.equal(requestIdFrom(undefined));
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
    const seen = async (): Promise<(string | undefined)[]> => {
      const ids = [currentRequestId()];
      await Promise.resolve();
      ids.push(currentRequestId());
      await sleep(1);
      ids.push(currentRequestId());
      await new Promise<void>((resolve) => {
        setImmediate(() => {
          ids.push(currentRequestId());
          resolve();
        });
      });
      return ids;
    };
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

describe('REQUEST_ID_HEADER', () => {
  it('is x-request-id', () => expect(REQUEST_ID_HEADER).to.equal('x-request-id'));
});
