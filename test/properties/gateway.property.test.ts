import { expect } from 'chai';
import fc from 'fast-check';
import { assertionKeysFromRing } from '../../lib/shared/assertion-keys.js';
import { createAssertionVerifier } from '../../lib/shared/gateway-assertion.js';
import { IDENTITY_HEADERS, writeIdentity } from '../../lib/shared/identity-headers.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { accessClaims, serviceClaims } from '../support/claims.js';
import { fakeDate } from '../support/clock.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { forge } from '../support/forge.js';
import { closeRig, portOf, PREFIX, rig, type Seen, serve, SERVICE, valuesOf } from '../support/gateway-rig.js';
import { callerOf, HERE } from '../support/proofs.js';
import { runs, seededSecret } from '../support/properties.js';
import { forgedLine, MARKER, noiseLine } from './header-lines.js';
import { persistentClient } from './persistent-client.js';

const secret = seededSecret('tokens');
const ring = createKeyRing({ current: secret });
const header = { alg: 'HS256', kid: ring.snapshot().current?.kid };
const OPEN = `${PREFIX}/health`;

const isPublic = (method: string, path: string): boolean => method === 'GET' && path.startsWith(OPEN);

interface Attack {
  readonly method: string;
  readonly path: string;
  readonly authorization: readonly string[];
  readonly lines: readonly string[];
  readonly body: string | undefined;
  readonly trailers: readonly string[] | undefined;
}

// What a lenient parser, of ours or of another hop, may take for a line of its own.
const trick = fc.constantFrom(
  `x-user-id : ${MARKER}`,
  `X-Mine: 1\nx-user-id: ${MARKER}`,
  `X-Mine: 1\rx-user-id: ${MARKER}`,
  `X-Mine: 1\r\n x-user-id: ${MARKER}`,
  `x-user-id\0: ${MARKER}`,
  `x-user-id\u00a0: ${MARKER}`,
  `X-Mine: 1\u0085x-user-id: ${MARKER}`,
  'Upgrade: websocket',
  'Connection: close',
);

const ofAttacker = fc.oneof(
  { weight: 4, arbitrary: forgedLine.map((line) => line.join(': ')) },
  { weight: 4, arbitrary: noiseLine.map((line) => line.join(': ')) },
);

const smuggled = [`GET ${PREFIX}/2 HTTP/1.1`, 'Host: a', `X-User-Id: ${MARKER}`, '', ''].join('\r\n');

function attacks(tokens: readonly string[]): fc.Arbitrary<Attack> {
  const bearer = fc.constantFrom(...tokens).map((token) => `Bearer ${token}`);
  return fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'),
    path: fc.oneof(
      { weight: 5, arbitrary: fc.constant(`${PREFIX}/7`) },
      fc.constantFrom(OPEN, `${OPEN}?x-user-id=${MARKER}`),
    ),
    authorization: fc.oneof(
      { weight: 6, arbitrary: bearer.map((line) => [line]) },
      fc.constantFrom([], [`Bearer ${MARKER}`], [`Basic ${MARKER}`]),
      fc.tuple(bearer, fc.constant(`Bearer ${MARKER}`)),
    ),
    lines: fc
      .tuple(
        fc.array(ofAttacker, { maxLength: 6 }),
        fc.oneof(
          { weight: 9, arbitrary: fc.constant([]) },
          trick.map((line) => [line]),
        ),
      )
      .map((parts) => parts.flat()),
    body: fc.constantFrom(undefined, '', 'hello', smuggled),
    trailers: fc.option(
      fc.array(
        forgedLine.map((line) => line.join(': ')),
        { maxLength: 3 },
      ),
      { nil: undefined },
    ),
  });
}

function requestOf({ method, path, authorization, lines, body, trailers }: Attack): string {
  const size = Buffer.byteLength(body ?? '', 'latin1');
  const framing =
    trailers === undefined ? [`Content-Length: ${size}`] : ['Transfer-Encoding: chunked', 'Trailer: x-user-id'];
  const chunks = (size === 0 ? [] : [size.toString(16), body!]).concat('0', trailers ?? [], '', '');
  const credentials = authorization.map((value) => `Authorization: ${value}`);
  const head = [`${method} ${path} HTTP/1.1`, 'Host: gateway', ...lines, ...credentials];
  if (body === undefined) return [...head, '', ''].join('\r\n');
  return [...head, ...framing, '', trailers === undefined ? body : chunks.join('\r\n')].join('\r\n');
}

for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`gateway, ${name}: whatever the client sends`, () => {
    afterEach(closeRig);
    fakeDate(1_800_000_000);
    const keys = assertionKeysFromRing(ring, false);
    const policy = { keys, audience: SERVICE, clockToleranceSeconds: 5, revocations: undefined, cacheSize: 100 };
    const assertions = createAssertionVerifier(policy);
    let tokens: readonly string[];
    let strangers: readonly string[];
    beforeEach(() => {
      const person = accessClaims({ user_id: '名, 100%', role: 'owner', tenant_id: 't-1', jti: 'j-1' });
      tokens = [forge(secret, header, serviceClaims({ jti: 'j-2' })), forge(secret, header, person)];
      strangers = [
        forge(seededSecret('another'), header, serviceClaims()),
        forge(secret, header, serviceClaims({ exp: 1e9, iat: 1e9 })),
        forge(secret, header, serviceClaims({ aud: HERE })),
      ];
    });

    /** The service was told who holds the token, in our words and in nobody else's; or nothing, on a public entry. */
    function expectOurWord({ method, url, rawHeaders, rawTrailers }: Seen, attack: Attack, forwarded: boolean): void {
      const [bearer] = attack.authorization;
      const isOpen = isPublic(method, url);
      const token = tokens.find((text) => bearer === `Bearer ${text}`);
      expect(isOpen || token !== undefined, 'admitted without a token').to.equal(true);
      const who = isOpen || token === undefined ? undefined : callerOf(token, secret);
      const told: Readonly<Record<string, string>> = who === undefined ? {} : { ...writeIdentity(who) };
      for (const line of IDENTITY_HEADERS) {
        expect(valuesOf(rawHeaders, line), line).to.deep.equal(told[line] === undefined ? [] : [told[line]]);
      }
      const proofs = valuesOf(rawHeaders, 'x-gateway-assertion').map((text) => assertions.check(text).caller);
      expect(proofs).to.deep.equal(who === undefined ? [] : [{ ...who, via: 'assertion' }]);
      // Its own line a client may take back.
      const isKept =
        who !== undefined && forwarded && !attack.lines.some((line) => /^connection:.*authoriz/i.test(line));
      expect(valuesOf(rawHeaders, 'authorization')).to.deep.equal(isKept ? [bearer] : []);
      expect(valuesOf(rawHeaders, 'x-request-id')).to.have.length(1);
      const aboutTheWay = rawHeaders.filter(
        (text, i) => i % 2 === 0 && /^(x[^a-z0-9]forwarded|forwarded|x[^a-z0-9]real)/i.test(text),
      );
      expect(aboutTheWay).to.deep.equal(['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host']);
      expect(valuesOf(rawHeaders, 'x-forwarded-for')).to.deep.equal(['127.0.0.1']);
      expect(rawTrailers).to.deep.equal([]);
    }

    // G1, G2, G3, G5, G6, G15, G17
    for (const forwardAuthorization of [false, true]) {
      it(`no service hears another word than ours of who calls, Authorization ${forwardAuthorization ? 'passed on' : 'kept'}`, async () => {
        const options = { public: [`GET ${OPEN}`], forwardAuthorization };
        const { app, upstream } = await rig(express, { keys: secret, options });
        const client = persistentClient(portOf(await serve(app)));
        const count = runs(500);
        let passed = 0;
        await fc.assert(
          fc.asyncProperty(attacks([...tokens, ...tokens, ...strangers]), async (attack) => {
            upstream.seen.length = 0;
            const status = await client.ask(requestOf(attack));
            expect(status).to.be.oneOf([200, 400, 401, 403, 426]);
            expect(upstream.seen).to.have.length(status === 200 ? 1 : 0);
            if (status !== 200) return;
            passed += 1;
            const [seen] = upstream.seen;
            const isCertain = attack.authorization.length === 1 || isPublic(attack.method, attack.path);
            expect(isCertain).to.equal(true);
            expect(seen!.body).to.equal(attack.body ?? '');
            expectOurWord(seen!, attack, forwardAuthorization);
          }),
          { numRuns: count },
        );
        client.close();
        expect(passed / count).to.be.within(0.1, 0.9);
      });
    }
  });
}
