import { createSecretKey } from 'node:crypto';
import { expect } from 'chai';
import type { ContextFromGatewayOptions } from '../../lib/server/context-options.js';
import { deriveAssertionKey } from '../../lib/shared/assertion-keys.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { inEnvironment } from '../support/in-environment.js';
import { newSecret } from '../support/keys.js';
import { ask, outcome, probe } from '../support/probe.js';
import {
  assertionFor,
  assertionLine,
  bearerLine,
  CALLER,
  HERE,
  plainLines,
  serviceToken,
  userToken,
} from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import type { WireRequest } from '../support/wire.js';
import { dateOfLoading } from '../support/clock.js';

const secret = newSecret();
const derived = deriveAssertionKey(HERE, { keys: secret });
const token = serviceToken(secret);
const person = userToken(secret);
const assertion = assertionFor(token, secret);
const plain = plainLines(token, secret);
const plainOfPerson = plainLines(person, secret);

interface Column {
  readonly name: string;
  readonly options?: ContextFromGatewayOptions;
  readonly variables?: Readonly<Record<string, string>>;
  /** Whether it has the keys of tokens: with an assertion key alone no bearer token can be checked. */
  readonly readsTokens: boolean;
}

const KEYED: readonly Column[] = [
  { name: "the option 'keys'", options: { keys: secret, audience: HERE }, readsTokens: true },
  { name: 'JWT_SECRET_KEY', variables: { JWT_SECRET_KEY: secret, SERVICE_NAME: HERE }, readsTokens: true },
  {
    name: 'JWT_SECRET_KEY_PREVIOUS alone',
    variables: { JWT_SECRET_KEY_PREVIOUS: secret, SERVICE_NAME: HERE },
    readsTokens: true,
  },
  {
    name: "the option 'assertionKeys'",
    options: { assertionKeys: createSecretKey(Buffer.from(derived, 'base64url')), audience: HERE },
    readsTokens: false,
  },
  {
    name: 'GATEWAY_ASSERTION_KEY',
    variables: { GATEWAY_ASSERTION_KEY: derived, SERVICE_NAME: HERE },
    readsTokens: false,
  },
  {
    name: 'JWT_SECRET_KEY and GATEWAY_ASSERTION_KEY',
    variables: { JWT_SECRET_KEY: secret, GATEWAY_ASSERTION_KEY: derived, SERVICE_NAME: HERE },
    readsTokens: true,
  },
];

for (const { name, express } of EXPRESS_VERSIONS) {
  const appOf = ({ options, variables = {} }: Partial<Column>, more: ContextFromGatewayOptions = {}) =>
    inEnvironment(variables, () => probe(express, { ...options, ...more }));

  describe(`contextFromGateway, ${name}`, () => {
    dateOfLoading();

    for (const column of KEYED) {
      const { readsTokens } = column;
      const unread = 'nobody: unproven_identity';
      const rows: readonly { row: string; lines: readonly string[]; trusted?: boolean; result: string }[] = [
        { row: 'one assertion', lines: [assertionLine(assertion)], result: `${CALLER} via assertion` },
        {
          row: 'one assertion, plain headers of the same caller',
          lines: [...plain, assertionLine(assertion)],
          result: `${CALLER} via assertion`,
        },
        {
          row: 'one assertion, bearer and plain headers of the same caller',
          lines: [...plain, assertionLine(assertion), bearerLine(token)],
          result: readsTokens ? `${CALLER} via assertion` : unread,
        },
        { row: 'one bearer', lines: [bearerLine(token)], result: readsTokens ? `${CALLER} via bearer` : unread },
        {
          row: 'one bearer of a person',
          lines: [bearerLine(person)],
          result: readsTokens ? 'u-1 via bearer' : unread,
        },
        {
          row: 'one bearer, plain headers of the same caller',
          lines: [bearerLine(token), ...plain],
          result: readsTokens ? `${CALLER} via bearer` : unread,
        },
        {
          row: 'one bearer, plain headers of another caller',
          lines: [bearerLine(token), ...plainOfPerson],
          result: readsTokens ? 'nobody: conflicting_identity' : unread,
        },
        {
          row: 'one assertion, plain headers of another caller',
          lines: [assertionLine(assertion), ...plainOfPerson],
          result: 'nobody: conflicting_identity',
        },
        {
          row: 'one assertion, bearer of another caller', // H17
          lines: [assertionLine(assertion), bearerLine(person)],
          result: readsTokens ? 'nobody: conflicting_identity' : unread,
        },
        { row: 'plain headers, trusted peer', lines: plain, trusted: true, result: `${CALLER} via headers` },
        {
          row: 'plain headers of a person, trusted peer',
          lines: plainOfPerson,
          trusted: true,
          result: 'u-1 via headers',
        },
        { row: 'plain headers, any peer', lines: plain, result: 'nobody: unproven_identity' }, // H16
        {
          row: 'an invalid assertion beside plain headers of a trusted peer',
          lines: [assertionLine(`${assertion}x`), ...plain],
          trusted: true,
          result: 'nobody: invalid_token',
        },
        {
          row: 'an invalid bearer beside plain headers of a trusted peer',
          lines: [bearerLine('x.y.z'), ...plain],
          trusted: true,
          result: readsTokens ? 'nobody: invalid_token' : unread,
        },
        {
          row: 'an invalid assertion beside a valid bearer',
          lines: [assertionLine(token), bearerLine(token)],
          result: 'nobody: invalid_token',
        },
        { row: 'nothing', lines: [], result: 'nobody: missing_credentials' }, // H14
        { row: 'another scheme', lines: ['Authorization: Basic YTpi'], result: 'nobody: missing_credentials' },
        {
          row: 'one assertion and another scheme',
          lines: [assertionLine(assertion), 'Authorization: Basic YTpi'],
          result: `${CALLER} via assertion`,
        },
      ];
      describe(`with ${column.name}`, () => {
        for (const { row, lines, trusted, result } of rows) {
          it(`${row}: ${result}`, async () => {
            const app = appOf(column, trusted === true ? { trustedNetworks: ['127.0.0.1'] } : {});
            expect(outcome(await ask(app, { lines }))).to.equal(result);
          });
        }

        it('warns of nothing', () => {
          const logger = recordingLogger();
          appOf(column, { logger });
          expect(logger.lines).to.deep.equal([]);
        });
      });
    }

    describe('without a key', () => {
      const rows: readonly { row: string; request: WireRequest; trustedNetworks?: string[]; result: string }[] = [
        { row: 'one assertion', request: { lines: [assertionLine(assertion)] }, result: 'nobody: unproven_identity' },
        { row: 'one bearer', request: { lines: [bearerLine(token)] }, result: 'nobody: unproven_identity' },
        {
          row: 'one bearer beside plain headers',
          request: { lines: [bearerLine(token), ...plain] },
          result: 'nobody: unproven_identity',
        },
        { row: 'plain headers from 127.0.0.1', request: { lines: plain }, result: `${CALLER} via headers` },
        { row: 'plain headers from ::1', request: { lines: plain, from: '::1' }, result: `${CALLER} via headers` },
        {
          row: 'plain headers from ::ffff:127.0.0.1',
          request: { lines: plain, from: '::ffff:127.0.0.1' },
          result: `${CALLER} via headers`,
        },
        {
          row: 'plain headers from elsewhere',
          request: { lines: plain, from: '10.0.0.9' },
          result: 'nobody: unproven_identity',
        },
        {
          row: 'plain headers from a unix socket',
          request: { lines: plain, unix: true },
          result: 'nobody: unproven_identity',
        },
        {
          row: 'plain headers from a unix socket that is listed',
          request: { lines: plain, unix: true },
          trustedNetworks: ['unix'],
          result: `${CALLER} via headers`,
        },
        {
          row: 'plain headers from 127.0.0.1, which is not listed',
          request: { lines: plain },
          trustedNetworks: ['127.0.0.2'],
          result: 'nobody: unproven_identity',
        },
        {
          row: 'plain headers where nobody is trusted',
          request: { lines: plain },
          trustedNetworks: [],
          result: 'nobody: unproven_identity',
        },
        { row: 'nothing', request: {}, result: 'nobody: missing_credentials' },
        {
          row: 'another scheme',
          request: { lines: ['Authorization: Digest x'] },
          result: 'nobody: missing_credentials',
        },
        ...[
          'Forwarded: for=1.2.3.4',
          'Via: 1.1 proxy',
          'X-Real-IP: 1.2.3.4',
          'X-Forwarded-For: 1.2.3.4',
          'x-forwarded-proto: https',
        ].map((line) => ({ row: line, request: { lines: [...plain, line] }, result: 'nobody: unproven_identity' })),
        {
          row: 'X-Forwarded-For behind a proxy on a loopback that is listed',
          request: { lines: [...plain, 'X-Forwarded-For: 1.2.3.4'] },
          trustedNetworks: ['loopback'],
          result: `${CALLER} via headers`,
        },
      ];
      for (const { row, request, trustedNetworks, result } of rows) {
        it(`${row}: ${result}`, async () => {
          expect(outcome(await ask(appOf({}, { trustedNetworks }), request))).to.equal(result);
        });
      }

      // H16
      it('warns once, at construction', async () => {
        const logger = recordingLogger();
        const app = appOf({}, { logger });
        await ask(app, { lines: plain });
        await ask(app, { lines: plain });
        expect(logger.lines).to.have.length(1);
        expect(logger.lines[0]).to.include({ level: 'warn' });
        expect(logger.lines[0]?.message).to.include('JWT_SECRET_KEY');
      });

      it('does not warn where trustedNetworks says that it is meant', () => {
        const logger = recordingLogger();
        appOf({}, { logger, trustedNetworks: ['loopback'] });
        expect(logger.lines).to.deep.equal([]);
      });
    });
  });
}
