import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { currentRequest } from '../../lib/shared/current-request.js';
import { type RequestContext, runInRequest, traceContextFrom } from '../../lib/shared/request-context.js';
import { shown } from '../support/shown.js';
import { seenAllAlong } from '../support/seen-all-along.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const traceparent = `00-${TRACE_ID}-${PARENT_ID}-01`;
const tracestate = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE';

const later = (length: number): string => `cc-${TRACE_ID}-${PARENT_ID}-01-`.padEnd(length, 'x');

describe('runInRequest', () => {
  const a: RequestContext = { requestId: 'a', traceparent, tracestate };
  const b: RequestContext = { requestId: 'b' };

  it('returns what the work returns', () => {
    expect(runInRequest(a, () => 42)).to.equal(42);
  });

  it('lets an error of the work through', () => {
    const failure = new Error('no');
    const fail = (): never => {
      throw failure;
    };
    expect(() => runInRequest(a, fail)).to.throw(failure);
    expect(currentRequest()).to.equal(undefined);
  });

  it('gives everything that the work starts its context, through awaits, timers and callbacks', async () => {
    const seen = () => seenAllAlong(currentRequest);
    const [ofA, ofB] = await Promise.all([runInRequest(a, seen), runInRequest(b, seen)]);
    expect(ofA).to.deep.equal([a, a, a, a]);
    expect(ofB).to.deep.equal([b, b, b, b]);
  });

  it('nests, gives the outer context back, and mixes nothing of it into the inner one', () => {
    runInRequest(a, () => {
      expect(runInRequest(b, currentRequest)).to.equal(b);
      expect(currentRequest()).to.equal(a);
    });
  });

  it('tracks nothing in a process where nobody can ask, and does from when somebody can', () => {
    const program = `
      import { executionAsyncResource } from 'node:async_hooks';
      import { runInRequest } from './lib/shared/request-context.js';
      await import('./lib/server/index.js');
      const tracked = () => Object.getOwnPropertySymbols(executionAsyncResource()).length > 0;
      const seen = [runInRequest({ requestId: 'a' }, () => tracked())];
      const { currentRequestId } = await import('./lib/shared/index.js');
      seen.push(runInRequest({ requestId: 'b' }, () => currentRequestId()));
      console.log(JSON.stringify(seen));`;
    const args = ['--disable-warning=DEP0205', '--import', 'ts-blank-space/register', '--input-type=module', '-e'];
    const { stdout, stderr } = spawnSync(process.execPath, [...args, program], { encoding: 'utf8' });
    expect(stdout, stderr).to.equal('[false,"b"]\n');
  });
});

describe('traceContextFrom: traceparent', () => {
  for (const value of [
    traceparent,
    `00-${TRACE_ID}-${PARENT_ID}-00`,
    `00-${TRACE_ID}-${PARENT_ID}-ff`,
    `00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-00`,
    `01-${TRACE_ID}-${PARENT_ID}-03`,
    `fe-${TRACE_ID}-${PARENT_ID}-01`,
    `cc-${TRACE_ID}-${PARENT_ID}-01-what-the-future-will-be-like`,
    `cc-${TRACE_ID}-${PARENT_ID}-01-`,
    later(512),
  ]) {
    it(`keeps one of version ${value.slice(0, 2)}, ending in ${value.slice(-2)}, ${value.length} long`, () => {
      expect(traceContextFrom({ traceparent: value })).to.deep.equal({ traceparent: value });
    });
  }

  const BAD: Readonly<Record<string, unknown>> = {
    none: undefined,
    'an empty one': '',
    'the forbidden version': `ff-${TRACE_ID}-${PARENT_ID}-01`,
    'a version that is no hex': `0g-${TRACE_ID}-${PARENT_ID}-01`,
    'a version of one digit': `0-${TRACE_ID}-${PARENT_ID}-01`,
    'a version of three digits': `000-${TRACE_ID}-${PARENT_ID}-01`,
    'a version in upper case': `CC-${TRACE_ID}-${PARENT_ID}-01`,
    'a trace-id of zeros': `00-${'0'.repeat(32)}-${PARENT_ID}-01`,
    'a trace-id that is no hex': `00-g${TRACE_ID.slice(1)}-${PARENT_ID}-01`,
    'a trace-id that is too short': `00-${TRACE_ID.slice(1)}-${PARENT_ID}-01`,
    'a trace-id that is too long': `00-${TRACE_ID}0-${PARENT_ID}-01`,
    'a trace-id in upper case': `00-${TRACE_ID.toUpperCase()}-${PARENT_ID}-01`,
    'a parent-id of zeros': `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
    'a parent-id that is no hex': `00-${TRACE_ID}-g${PARENT_ID.slice(1)}-01`,
    'a parent-id that is too short': `00-${TRACE_ID}-${PARENT_ID.slice(1)}-01`,
    'a parent-id that is too long': `00-${TRACE_ID}-${PARENT_ID}0-01`,
    'a parent-id in upper case': `00-${TRACE_ID}-${PARENT_ID.toUpperCase()}-01`,
    'no flags': `00-${TRACE_ID}-${PARENT_ID}`,
    'empty flags': `00-${TRACE_ID}-${PARENT_ID}-`,
    'flags of one digit': `00-${TRACE_ID}-${PARENT_ID}-1`,
    'flags of three digits': `00-${TRACE_ID}-${PARENT_ID}-011`,
    'flags that are no hex': `00-${TRACE_ID}-${PARENT_ID}-0g`,
    'flags in upper case': `00-${TRACE_ID}-${PARENT_ID}-0A`,
    'a fifth field in version 00': `${traceparent}-00`,
    'a dash at the end of version 00': `${traceparent}-`,
    'more after no dash': `cc-${TRACE_ID}-${PARENT_ID}-01.what-the-future-will-not-be-like`,
    'a space in what a later version adds': `cc-${TRACE_ID}-${PARENT_ID}-01-a b`,
    'a comma in what a later version adds': `cc-${TRACE_ID}-${PARENT_ID}-01-a,b`,
    'what is not ASCII in what a later version adds': `cc-${TRACE_ID}-${PARENT_ID}-01-é`,
    'a line break at the end': `${traceparent}\n`,
    'a line break in what a later version adds': `cc-${TRACE_ID}-${PARENT_ID}-01-a\r\nx-user-id: 7`,
    'a space before': ` ${traceparent}`,
    'a space after': `${traceparent} `,
    'a repeated one, joined': `${traceparent}, ${traceparent}`,
    'a repeated one of a later version, joined': `${later(60)}, ${later(60)}`,
    'a repeated one, as a list': [traceparent, traceparent],
    'a list of one': [traceparent],
    'one of 513 characters': later(513),
    'what is no text': 7,
    null: null,
  };
  for (const [title, value] of Object.entries(BAD)) {
    it(`takes ${title} for absent`, () => {
      expect(traceContextFrom({ traceparent: value })).to.deep.equal({});
    });
  }
});

describe('traceContextFrom: tracestate', () => {
  for (const value of [tracestate, 'a', ' ', '~', 'a=1, b=2', 'x'.repeat(512)]) {
    it(`keeps ${shown(value)}, ${value.length} long`, () => {
      expect(traceContextFrom({ traceparent, tracestate: value })).to.deep.equal({ traceparent, tracestate: value });
    });
  }

  for (const value of [
    undefined,
    '',
    'x'.repeat(513),
    'a=é',
    'a=1\n',
    'a=1\r\nx-user-id: 7',
    'a=1\tb=2',
    'a=\u007F',
    'a=\u0000',
    [tracestate],
    7,
    null,
  ]) {
    it(`drops ${shown(value)} and keeps the traceparent`, () => {
      expect(traceContextFrom({ traceparent, tracestate: value })).to.deep.equal({ traceparent });
    });
  }

  for (const value of [undefined, '', `ff${traceparent.slice(2)}`, `${traceparent}, ${traceparent}`]) {
    it(`is nothing beside ${shown(value)} as traceparent`, () => {
      expect(traceContextFrom({ traceparent: value, tracestate })).to.deep.equal({});
    });
  }
});

describe('traceContextFrom', () => {
  it('looks at one header where there is no traceparent, and at two where there is', () => {
    const looksFor = (headers: Readonly<Record<string, string>>): string[] => {
      const names: string[] = [];
      const watched = new Proxy(headers, {
        get: (target, name) => {
          names.push(String(name));
          return target[String(name)];
        },
      });
      traceContextFrom(watched);
      return names;
    };
    expect(looksFor({ tracestate })).to.deep.equal(['traceparent']);
    expect(looksFor({ traceparent, tracestate })).to.deep.equal(['traceparent', 'tracestate']);
  });
});
