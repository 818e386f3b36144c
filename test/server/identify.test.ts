import { createServer, type IncomingMessage } from 'node:http';
import { expect } from 'chai';
import type { ContextFromGatewayOptions } from '../../lib/server/context-options.js';
import { identify, identityError } from '../../lib/server/identify.js';
import type { Caller } from '../../lib/shared/caller.js';
import { newSecret } from '../support/keys.js';
import { inEnvironment } from '../support/in-environment.js';
import { assertionFor, assertionLine, CALLER, HERE, plainLines, serviceToken } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { misconfiguredBy } from '../support/refusals.js';
import { exchange, requestText } from '../support/wire.js';
import { dateOfLoading } from '../support/clock.js';

const secret = newSecret();
const token = serviceToken(secret);
const assertion = assertionFor(token, secret);
const options = { keys: secret, audience: HERE };
const trusting = { trustedNetworks: ['loopback'] };
const loopback = { remoteAddress: '127.0.0.1' };

const headersOf = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]));
const plain = headersOf(plainLines(token, secret));

/** A request as a serverless adapter makes it. */
function bareRequest(
  headers: Readonly<Record<string, unknown>>,
  more: object = {},
): IncomingMessage & { user?: unknown } {
  return { method: 'GET', url: '/', headers: { ...headers }, socket: loopback, ...more } as unknown as IncomingMessage;
}

function outcomeOf(req: IncomingMessage, given: ContextFromGatewayOptions): string {
  const caller = identify(req, given);
  expect((req as { user?: unknown }).user).to.equal(caller);
  if (caller === undefined) return `nobody: ${String(identityError(req)?.code)}`;
  expect(identityError(req)).to.equal(undefined);
  return `${caller.type === 'service' ? caller.service : caller.userId} via ${caller.via}`;
}

describe('identify', () => {
  dateOfLoading();

  it('finds the caller of plain headers each time that they say the same, and another one when they do not', () => {
    const told = (headers: Readonly<Record<string, unknown>>): string => outcomeOf(bareRequest(headers), trusting);
    for (let n = 0; n < 2; n++) {
      expect(told(plain)).to.equal(`${CALLER} via headers`);
      const other = { 'x-service-name': 'sales-service', 'x-user-id': 'sales-service' };
      expect(told({ ...plain, ...other })).to.equal('sales-service via headers');
      expect(told({ ...plain, 'x-user-type': 'nobody' })).to.equal('nobody: malformed_identity');
    }
  });

  it('takes no line end in a header for the end of it', () => {
    expect(outcomeOf(bareRequest(plain), trusting)).to.equal(`${CALLER} via headers`);
    // Of an adapter: with its line end it would say, line by line, what the good headers say.
    const { 'x-user-id': id, 'x-user-email': email, ...rest } = plain;
    const joined = bareRequest({ ...rest, 'x-user-id': `${String(id)}\n=${String(email)}` });
    expect(outcomeOf(joined, trusting)).to.equal('nobody: malformed_identity');
  });

  it('finds the caller of an upgrade', async () => {
    const found: (Caller | undefined)[] = [];
    const server = createServer();
    server.on('upgrade', (req: IncomingMessage, socket) => {
      found.push(identify(req, options));
      socket.end(`HTTP/1.1 ${found[0] === undefined ? '401 Unauthorized' : '101 Switching Protocols'}\r\n\r\n`);
    });
    const lines = [assertionLine(assertion), ...plainLines(token, secret), 'Connection: Upgrade', 'Upgrade: websocket'];
    expect(await exchange(server, requestText({ lines }))).to.include('101');
    expect(found[0]).to.include({ service: CALLER, via: 'assertion' });
  });

  it('finds nobody in an upgrade without a proof', async () => {
    const server = createServer();
    let code: string | undefined;
    server.on('upgrade', (req: IncomingMessage, socket) => {
      expect(identify(req, options)).to.equal(undefined);
      expect(req.rawHeaders.filter((text) => text.includes(CALLER))).to.deep.equal([]);
      code = identityError(req)?.code;
      socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
    });
    const lines = [...plainLines(token, secret), 'Connection: Upgrade', 'Upgrade: websocket'];
    expect(await exchange(server, requestText({ lines }))).to.include('401');
    expect(code).to.equal('unproven_identity');
  });

  // H4
  for (const spell of [
    (name: string) => name,
    (name: string) => name.toUpperCase(),
    (name: string) => name.replace(/^./, (c) => c.toUpperCase()),
  ]) {
    it(`reads names that nobody lower-cased: ${spell('x-user-id')}`, () => {
      const named = (headers: Record<string, string>): IncomingMessage =>
        bareRequest(Object.fromEntries(Object.entries(headers).map(([name, value]) => [spell(name), value])));
      expect(outcomeOf(named({ 'x-gateway-assertion': assertion, ...plain }), options)).to.equal(
        `${CALLER} via assertion`,
      );
      expect(outcomeOf(named({ ...plain, 'x-gateway-assertion': assertion, 'x-user-id': 'u-1' }), options)).to.equal(
        'nobody: conflicting_identity',
      );
      expect(outcomeOf(named({ authorization: `Bearer ${token}` }), options)).to.equal(`${CALLER} via bearer`);
      expect(outcomeOf(named(plain), trusting)).to.equal(`${CALLER} via headers`);
      expect(outcomeOf(named(plain), options)).to.equal('nobody: unproven_identity');
    });
  }

  // H1, H4
  it('refuses two spellings of one name', () => {
    const twice = { ...plain, 'X-User-Id': CALLER };
    expect(outcomeOf(bareRequest(twice), trusting)).to.equal('nobody: malformed_identity');
    expect(
      outcomeOf(bareRequest({ authorization: `Bearer ${token}`, Authorization: `Bearer ${token}` }), options),
    ).to.equal('nobody: invalid_token');
  });

  // H3
  for (const value of [[CALLER], [], 7, true, {}, null, [CALLER, CALLER], { toString: () => CALLER }]) {
    it(`refuses a header whose value is ${JSON.stringify(value)}`, () => {
      expect(outcomeOf(bareRequest({ ...plain, 'x-user-id': value }), trusting)).to.equal('nobody: malformed_identity');
      const proven = { 'x-gateway-assertion': assertion, ...plain };
      expect(outcomeOf(bareRequest({ ...proven, 'x-user-id': value }), options)).to.equal('nobody: malformed_identity');
      expect(outcomeOf(bareRequest({ authorization: value }), options)).to.equal('nobody: invalid_token');
      expect(outcomeOf(bareRequest({ 'x-gateway-assertion': value }), options)).to.equal('nobody: invalid_token');
      expect(outcomeOf(bareRequest(proven), options)).to.equal(`${CALLER} via assertion`);
    });
  }

  // H7, H8
  for (const value of [
    'u\r\nx-user-role: admin',
    'u\0',
    'u\n',
    'u\x7f',
    'jos\u00e9',
    '\u202eu',
    '\u200bu',
    '\ud800',
    'u\x85',
  ]) {
    it(`refuses a value that no header can have: ${JSON.stringify(value)}`, () => {
      const person = { 'x-user-id': 'u', 'x-user-email': 'ana@example.org', 'x-user-type': 'access' };
      expect(outcomeOf(bareRequest(person), trusting)).to.equal('u via headers');
      expect(outcomeOf(bareRequest({ ...person, 'x-user-id': value }), trusting)).to.equal(
        'nobody: malformed_identity',
      );
    });
  }

  it('takes an undefined value for an absent header', () => {
    expect(outcomeOf(bareRequest({ authorization: undefined, 'x-user-id': undefined }), options)).to.equal(
      'nobody: missing_credentials',
    );
  });

  it('leaves headers of any spelling that agree with the caller, in lower case, or none', () => {
    const aliased = { ...plain, x_user_id: 'forged', 'X-User-Role': 'forged', 'x-other': '1' };
    const nobody = bareRequest(aliased);
    identify(nobody, options);
    expect(nobody.headers).to.deep.equal({ 'x-other': '1' });
    const upper = bareRequest({ 'X-User-Id': CALLER, 'X-Gateway-Assertion': assertion });
    expect(outcomeOf(upper, options)).to.equal(`${CALLER} via assertion`);
    expect(upper.headers).to.deep.equal({ 'X-Gateway-Assertion': assertion });
    const lower = bareRequest({ ...plain, x_user_id: 'forged', 'x-gateway-assertion': assertion });
    identify(lower, options);
    expect(lower.headers).to.deep.equal({ ...plain, 'x-gateway-assertion': assertion });
  });

  it('takes an empty rawHeaders for none', () => {
    expect(outcomeOf(bareRequest(plain, { rawHeaders: [] }), trusting)).to.equal(`${CALLER} via headers`);
  });

  it('believes the plain headers of nobody who has no address', () => {
    expect(outcomeOf(bareRequest(plain, { socket: undefined }), trusting)).to.equal('nobody: unproven_identity');
    expect(outcomeOf(bareRequest(plain, { socket: {} }), trusting)).to.equal('nobody: unproven_identity');
    expect(outcomeOf(bareRequest({ authorization: `Bearer ${token}` }, { socket: undefined }), options)).to.equal(
      `${CALLER} via bearer`,
    );
  });

  it('settles its options once for each options object, and again after they were wrong', () => {
    const logger = recordingLogger();
    const given = { logger };
    for (let i = 0; i < 3; i++) expect(outcomeOf(bareRequest(plain), given)).to.equal(`${CALLER} via headers`);
    expect(logger.lines.map(({ level }) => level)).to.deep.equal(['warn']);

    const late = { audience: HERE };
    const inProduction = (variables: Record<string, string>): string =>
      inEnvironment({ NODE_ENV: 'production', ...variables }, () =>
        outcomeOf(bareRequest({ authorization: `Bearer ${token}` }), late),
      );
    expect(misconfiguredBy(() => inProduction({}))).to.equal('JWT_SECRET_KEY');
    expect(() => inProduction({ JWT_SECRET_KEY: secret })).not.to.throw();
  });

  it('reads the environment where it is given no options, on first use', () => {
    const authorization = `Bearer ${token}`;
    const caller = inEnvironment({ JWT_SECRET_KEY: secret, SERVICE_NAME: HERE }, () =>
      identify(bareRequest({ authorization })),
    );
    expect(caller).to.include({ service: CALLER, via: 'bearer' });
    expect(identify(bareRequest({ authorization }))).to.equal(caller);
  });

  it('names a misspelt option', () => {
    expect(misconfiguredBy(() => identify(bareRequest({}), { key: secret } as never))).to.equal("'key'");
  });
});

describe('identityError', () => {
  dateOfLoading();

  it('is undefined where nobody has looked for a caller', () => {
    expect(identityError(bareRequest({}))).to.equal(undefined);
  });

  it('tells why a request is nobody’s until it is looked at again', () => {
    const req = bareRequest({ authorization: 'Bearer x' });
    expect(outcomeOf(req, options)).to.equal('nobody: invalid_token');
    expect(identityError(req)).to.include({ code: 'invalid_token', status: 401 });
    req.headers.authorization = `Bearer ${token}`;
    expect(outcomeOf(req, options)).to.equal(`${CALLER} via bearer`);
  });

  it('leaves no trace that a copy or a log would take along', () => {
    const req = bareRequest({});
    identify(req, options);
    expect(Reflect.ownKeys(Object.assign({}, req))).to.deep.equal(['method', 'url', 'headers', 'socket', 'user']);
  });
});
