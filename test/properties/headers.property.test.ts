import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { identify } from '../../lib/server/identify.js';
import type { Caller } from '../../lib/shared/caller.js';
import { isIdentityHeader, writeIdentity } from '../../lib/shared/identity-headers.js';
import { fakeDate } from '../support/clock.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { HERE } from '../support/proofs.js';
import { runs } from '../support/properties.js';
import { probe, type Story } from '../support/probe.js';
import { recordingLogger } from '../support/recording-logger.js';
import { send } from '../support/wire.js';
import { calls, decide, type Somebody } from './decisions.js';
import { forgedLine, type HeaderPlaces, identityLinesIn, type Line, MARKER, noiseLine } from './header-lines.js';
import { people, revocations, secret } from './people.js';

const NOW = 1_800_000_000;
const options = { keys: secret, audience: HERE, revocations, clockToleranceSeconds: 0, logger: recordingLogger() };
const trusting = { ...options, trustedNetworks: ['loopback'] };
const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: '127.0.0.1' });

type WithUser = IncomingMessage & { user?: Caller | undefined; _addHeaderLines(lines: string[], length: number): void };

/** A request as Node's server builds it from these lines. */
function received(lines: readonly Line[]): WithUser {
  const req = new IncomingMessage(socket) as WithUser;
  const flat = lines.flat();
  req._addHeaderLines(flat, flat.length);
  return req;
}

const lowerCased = (lines: readonly Line[]): Line[] => lines.map(([name, value]) => [name.toLowerCase(), value]);
const isProof = ([name, value]: Line): boolean =>
  name === 'x-gateway-assertion' || (name === 'authorization' && /^bearer([ ,\t]|$)/i.test(value));
// Older gateways write `user`.
const toText = ([name, value]: Line): string =>
  `${name}: ${value === 'user' && name === 'x-user-type' ? 'access' : value}`;
const nameOf = (caller: Caller): string => (caller.type === 'service' ? caller.service : caller.userId);

const forgedLines = fc.oneof(
  { weight: 2, arbitrary: fc.constant([]) },
  fc.array(forgedLine, { minLength: 1, maxLength: 3 }),
);
/** Somebody's call, with forged lines in some and noise in all, in any order. */
const requests = (crowd: readonly Somebody[]): fc.Arbitrary<readonly Line[]> =>
  fc
    .tuple(calls(crowd), forgedLines, fc.array(noiseLine, { maxLength: 3 }))
    .map((parts) => parts.flat().map(([name, value]): Line => [name, value.replaceAll(/^[ \t]+|[ \t]+$/g, '')]))
    .chain((lines) => fc.shuffledSubarray(lines, { minLength: lines.length }));

/** What middleware before ours may have done to a header of `req.headers`: deleted it (undefined) or given it a value. */
const meddling = fc.option(
  fc.tuple(
    fc.constantFrom('authorization', 'x-gateway-assertion', 'x-user-id', 'x-user-role', 'x-service-name'),
    fc.option(fc.constantFrom(MARKER, 'Basic x', 'u-1'), { nil: undefined }),
  ),
  { nil: undefined, freq: 2 },
);

/** The lines that the request has after that: a changed value is one more line. */
function meddledWith(lines: readonly Line[], name: string, value: string | undefined): Line[] {
  const mine = lines.filter((line) => line[0] === name);
  if (value === undefined) return lines.filter((line) => line[0] !== name);
  return mine.length > 1 || mine[0]?.[1] === value ? [...lines] : [...lines, [name, value]];
}

describe('identify, whatever the headers', () => {
  fakeDate(NOW);
  let crowd: readonly Somebody[];
  let found = 0;
  beforeEach(() => {
    crowd = people(NOW);
    found = 0;
  });

  /** The caller, or nobody, and no line that says anything else. */
  function expectOneStory(req: HeaderPlaces, user: unknown, expected: string | undefined): void {
    const who = crowd.find(({ name }) => name === expected);
    if (who === undefined) expect(user ?? undefined).to.equal(undefined);
    else expect(nameOf(user as Caller)).to.equal(expected);
    for (const [name, value] of identityLinesIn(req)) expect(value, name).to.equal(who?.headers[name] ?? 'nothing');
    if (who !== undefined) found += 1;
  }

  it('finds exactly the one who proved it, and leaves no other claim behind', () => {
    const count = runs(5000);
    fc.assert(
      fc.property(requests(crowd), meddling, (lines, change) => {
        const req = received(lines);
        let story = lowerCased(lines);
        if (change !== undefined) {
          const [name, value] = change;
          if (value === undefined) Reflect.deleteProperty(req.headers, name);
          else req.headers[name] = value;
          story = meddledWith(story, name, value);
        }
        const caller = identify(req, options);
        expect(req.user).to.equal(caller);
        expectOneStory(req, caller, decide(story, crowd));
      }),
      { numRuns: count },
    );
    expect(found / count).to.be.within(0.1, 0.9);
  });

  it('does so where no Node server made the request', () => {
    const count = runs(2000);
    fc.assert(
      fc.property(requests(crowd), (lines) => {
        // Two of the same spelling cannot be in one object.
        const headers = Object.fromEntries(lines);
        const expected = decide(lowerCased(Object.entries(headers)), crowd);
        const req = { method: 'GET', url: '/', headers, socket } as unknown as WithUser;
        expectOneStory(req, identify(req, options), expected);
      }),
      { numRuns: count },
    );
    expect(found / count).to.be.within(0.1, 0.9);
  });

  it('believes plain headers of a trusted peer only where there is no proof, and only as they stand', () => {
    const plain = fc.constantFrom(...crowd).map(({ headers }): readonly Line[] => Object.entries(headers));
    const some = fc.tuple(plain, forgedLines).map((parts) => parts.flat());
    const count = runs(1000);
    fc.assert(
      fc.property(fc.oneof(plain, some, requests(crowd)), (lines) => {
        const said = lowerCased(lines);
        const caller = identify(received(lines), trusting);
        if (said.some(isProof)) {
          expect(caller && nameOf(caller)).to.equal(decide(said, crowd));
          return;
        }
        const claims = said.filter(([name]) => isIdentityHeader(name)).map(toText);
        if (caller === undefined) {
          const asWritten = crowd.map(({ headers }) => Object.entries(headers).map(toText).toSorted());
          expect(asWritten).not.to.deep.include(claims.toSorted());
        } else {
          found += 1;
          expect(claims).to.have.members(Object.entries(writeIdentity(caller)).map(toText));
        }
      }),
      { numRuns: count },
    );
    expect(found / count).to.be.within(0.1, 0.9);
  });

  for (const { name, express } of EXPRESS_VERSIONS) {
    it(`does so over sockets, in ${name}`, async () => {
      const app = probe(express, options);
      await fc.assert(
        fc.asyncProperty(requests(crowd), async (lines) => {
          const { status, text } = await send(app, { lines: lines.map(([header, value]) => `${header}: ${value}`) });
          expect(status).to.equal(200);
          const { user, rawHeaders, headers, distinct } = JSON.parse(text) as Story;
          const places = { rawHeaders, headers, headersDistinct: distinct } as unknown as HeaderPlaces;
          expectOneStory(places, user, decide(lowerCased(lines), crowd));
        }),
        { numRuns: runs(250) },
      );
      expect(found).to.be.greaterThan(0);
    });
  }
});
