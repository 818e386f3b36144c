import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { plainJson, redact, redactText } from '../../lib/shared/redact.js';
import { newEcPair } from '../support/keys.js';

const { privatePem, publicPem } = newEcPair();
const JWT = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.${randomBytes(32).toString('base64url')}`;
const OPAQUE = randomBytes(24).toString('hex');
const REDACTED = '[redacted]';

describe('redactText', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['a JWT', JWT, REDACTED],
    ['a JWT in a sentence', `token=${JWT}, sent`, `token=${REDACTED}, sent`],
    ['a JWT in a URL', `/a?t=${JWT}&b=1`, `/a?t=${REDACTED}&b=1`],
    ['a JWT behind a dash', `x-${JWT}`, `x-${REDACTED}`],
    ['two JWTs', `${JWT} ${JWT}`, `${REDACTED} ${REDACTED}`],
    ['two parts of a JWT', JWT.slice(0, JWT.lastIndexOf('.')), REDACTED],
    ['a bearer credential', `Bearer ${OPAQUE}`, `Bearer ${REDACTED}`],
    [
      'a bearer credential in lower case',
      `authorization: bearer ${OPAQUE}\r\n`,
      `authorization: bearer ${REDACTED}\r\n`,
    ],
    ['a basic credential', 'Basic dXNlcjpwYXNzd29yZA==', `Basic ${REDACTED}`],
    ['a private key', `key: ${privatePem}.`, `key: ${REDACTED}\n.`],
    ['half a private key', privatePem.slice(0, 80), REDACTED],
    ['an encrypted private key', privatePem.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE').trim(), REDACTED],
    ['a private key on one line', JSON.stringify(privatePem), `"${REDACTED}\\n"`],
  ];
  for (const [name, text, expected] of cases) {
    it(`removes ${name}`, () => expect(redactText(text)).to.equal(expected));
  }

  for (const text of [
    '',
    'eyJ',
    'a.b.c',
    'Bearer',
    'bearer of news',
    'the key eyJx.',
    publicPem,
    'https://orders-service:8000/a',
  ]) {
    it(`leaves ${JSON.stringify(text.slice(0, 30))} alone`, () => expect(redactText(text)).to.equal(text));
  }

  it('takes no longer for a text that was made to be slow', () => {
    // So long that a quadratic search would take hours, and end the test.
    for (const piece of [
      'eyJaaaaa-',
      'eyJaaaaa.',
      'bearer ',
      'bearer\t\t\t\t',
      '-----BEGIN ',
      '-----BEGIN PRIVATE KEY-----',
    ]) {
      redactText(piece.repeat(200_000));
    }
  });
});

describe('redact', () => {
  it('removes what is secret by its name', () => {
    for (const name of [
      'authorization',
      'Authorization',
      'proxy-authorization',
      'cookie',
      'cookies',
      'secretKey',
      'secret_key',
      'passphrase',
      'set-cookie',
      'x-gateway-assertion',
      'X-Gateway-Assertion',
      'assertion',
      'token',
      'accessToken',
      'service_token',
      'x-service-token',
      'secret',
      'clientSecret',
      'password',
      'db_passwd',
      'privateKey',
      'private_key',
      'api-key',
      'apiKey',
      'assertionKey',
      'GATEWAY_ASSERTION_KEY',
      'JWT_SECRET_KEY',
      'JWT_SECRET_KEY_PREVIOUS',
      'bearer',
      'signingKey',
    ]) {
      for (const value of [OPAQUE, [OPAQUE], { value: OPAQUE }]) {
        expect(redact({ [name]: value }), name).to.deep.equal({ [name]: REDACTED });
        expect(redact(new Map([[name, value]])), name).to.deep.equal([[name, REDACTED]]);
      }
    }
  });

  it('keeps what only sounds like it', () => {
    const harmless = {
      tokens: 3,
      token: 3,
      secret: false,
      token_id: 'a',
      tokenId: 'a',
      key_id: 'k',
      password: undefined,
    };
    expect(redact(harmless)).to.deep.equal(harmless);
    expect(redact({ tokenized: 'x', author: 'y' })).to.deep.equal({ tokenized: 'x', author: 'y' });
  });

  it('removes what is secret by its form, at any depth', () => {
    const value = { a: [{ b: new Map([['c', new Set([`Bearer ${OPAQUE}`])]]) }], d: JWT, e: privatePem };
    expect(redact(value)).to.deep.equal({
      a: [{ b: [['c', [`Bearer ${REDACTED}`]]] }],
      d: REDACTED,
      e: `${REDACTED}\n`,
    });
    expect(redact(JWT)).to.equal(REDACTED);
  });

  it('keeps plain values', () => {
    const date = new Date(0);
    for (const value of [undefined, null, 0, 1.5, true, 'a', date]) expect(redact(value)).to.equal(value);
    expect(redact(5n)).to.equal('5');
    expect(redact(() => OPAQUE)).to.equal(undefined);
    expect(redact(Buffer.from(OPAQUE))).to.equal(`[${String(OPAQUE.length)} bytes]`);
    expect(redact(new DataView(new ArrayBuffer(5)))).to.equal('[5 bytes]');
  });

  it('writes an error with its cause and fields', () => {
    const cause = new TypeError(`no ${JWT}`);
    const error = Object.assign(new Error(`refused Bearer ${OPAQUE}`, { cause }), {
      code: 'E',
      headers: { cookie: OPAQUE },
    });
    const copy = redact(error) as Record<string, unknown>;
    expect(copy).to.include({ name: 'Error', message: `refused Bearer ${REDACTED}`, code: 'E' });
    expect(copy['headers']).to.deep.equal({ cookie: REDACTED });
    expect(copy['cause']).to.include({ name: 'TypeError', message: `no ${REDACTED}` });
    expect(copy['stack']).to.be.a('string').that.includes('redact.test.ts');
    expect(JSON.stringify(copy)).not.to.include(OPAQUE).and.not.to.include(JWT);
  });

  it('writes an error whose name, message and stack are anything', () => {
    const error = Object.assign(new Error('a'), { name: JWT, message: { token: OPAQUE }, stack: undefined });
    expect(JSON.stringify(redact(error)))
      .not.to.include(OPAQUE)
      .and.not.to.include(JWT);
    const numbered = Object.assign(new Error('a'), { message: 5, stack: 7 });
    expect(redact(numbered)).to.include({ message: 5, stack: 7 });
  });

  it('stops at cycles, and tells them from repetitions', () => {
    const shared = { a: 1 };
    const cycle: Record<string, unknown> = { shared, again: shared };
    cycle['self'] = cycle;
    cycle['list'] = [cycle];
    expect(redact(cycle)).to.deep.equal({ shared, again: shared, self: '[circular]', list: ['[circular]'] });
    const error = new Error('a');
    error.cause = error;
    expect(redact(error)).to.include({ cause: '[circular]' });
    const set = new Set<unknown>();
    set.add(set);
    expect(redact(set)).to.deep.equal(['[circular]']);
    const map = new Map<unknown, unknown>();
    map.set(map, map);
    expect(redact(map)).to.deep.equal([['[circular]', '[circular]']]);
  });

  it('stops eight levels deep', () => {
    let value: unknown = 'end';
    for (let i = 0; i < 9; i++) value = { a: value };
    expect(JSON.stringify(redact(value))).to.equal(`${'{"a":'.repeat(8)}"[too deep]"${'}'.repeat(8)}`);
    const deepMap = (depth: number): unknown => (depth === 0 ? 'end' : new Map([['a', deepMap(depth - 1)]]));
    expect(JSON.stringify(redact(deepMap(5000)))).to.include('[too deep]');
  });

  it('never throws', () => {
    const throwing = {
      get a(): unknown {
        throw new Error(OPAQUE);
      },
      b: 1,
    };
    expect(redact(throwing)).to.deep.equal({ a: '[unreadable]', b: 1 });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(redact({ proxy, b: 1 })).to.deep.equal({ proxy: '[unreadable]', b: 1 });
    expect(redact(proxy)).to.equal('[unreadable]');
    const hostileKeys = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error(OPAQUE);
        },
      },
    );
    expect(redact([hostileKeys])).to.deep.equal(['[unreadable]']);
    const error = Object.defineProperty(new Error('a'), 'message', {
      get: () => {
        throw new Error(OPAQUE);
      },
    });
    expect(redact({ error, b: 1 })).to.deep.include({ b: 1 });
  });

  it('does not let a member __proto__ change the copy', () => {
    const hostile = JSON.parse(`{"__proto__":{"admin":true},"a":1,"constructor":"x"}`) as Record<string, unknown>;
    const copy = redact(hostile) as Record<string, unknown>;
    expect(copy).to.deep.equal({ a: 1, constructor: 'x' });
    expect(Object.getPrototypeOf(copy)).to.equal(Object.prototype);
    expect(copy['admin']).to.equal(undefined);
  });

  it('leaves the original as it was', () => {
    const original = { authorization: OPAQUE, nested: [{ token: JWT }] };
    const before = structuredClone(original);
    redact(original);
    expect(original).to.deep.equal(before);
  });

  it('knows the names of secrets when it has met more names than it remembers', () => {
    for (let i = 0; i < 3000; i++) redact({ [`field-${String(i)}`]: 'a' });
    expect(redact({ token: OPAQUE, 'field-7': 'a' })).to.deep.equal({ token: REDACTED, 'field-7': 'a' });
  });

  it('takes what stands twice beside itself for no circle, also behind what cannot be read', () => {
    const shared = { a: 1 };
    const unreadable = new Proxy({}, { ownKeys: () => expect.fail('unreadable') });
    expect(redact({ x: shared, y: [shared, unreadable, shared] })).to.deep.equal({
      x: { a: 1 },
      y: [{ a: 1 }, '[unreadable]', { a: 1 }],
    });
  });
});

describe('plainJson', () => {
  it('renders flat fields without secrets as JSON.stringify does', () => {
    const fields = { a: 'x "y" \n', b: 1, c: true, d: null, e: undefined, f: Number.NaN, via: 'bearer', tokens: 3 };
    expect(plainJson(fields)).to.equal(JSON.stringify(fields));
  });

  for (const [name, fields] of Object.entries<object>({
    'a secret by its name': { token: OPAQUE },
    'a token': { a: `x ${JWT}` },
    'a token in the name of a field': { [JWT]: 1 },
    'a private key': { a: '-----BEGIN PRIVATE KEY-----' },
    'a list': { a: [1] },
    'an object': { a: {} },
    'a function': { a: () => 1 },
    'a bigint': { a: 1n },
    'a symbol': { a: Symbol('a') },
    'a member __proto__': JSON.parse('{"__proto__":"x"}') as object,
    'its own toJSON': Object.defineProperty({ a: 1 }, 'toJSON', { value: () => ({ token: OPAQUE }) }),
    'another prototype': Object.create({ toJSON: () => 1 }) as object,
    'a getter that throws': Object.defineProperty({}, 'a', { enumerable: true, get: () => expect.fail('read') }),
    'a proxy that throws': new Proxy({}, { ownKeys: () => expect.fail('listed') }),
  })) {
    it(`leaves ${name} to redact()`, () => expect(plainJson(fields)).to.equal(undefined));
  }

  for (const space of [' ', '\n', '\t', '\r', '\v', '\f', '\u00a0', '\u2028', '\ufeff']) {
    it(`leaves a credential behind ${JSON.stringify(space)} to redact()`, () => {
      const fields = { a: `Bearer${space}${OPAQUE}` };
      expect(redact(fields)).not.to.deep.equal(fields);
      expect(plainJson(fields)).to.equal(undefined);
    });
  }

  it('renders what it has looked at, whatever a getter says the next time', () => {
    let reads = 0;
    const fields = Object.defineProperty({}, 'a', {
      enumerable: true,
      get: () => (reads++ === 0 ? 'x' : { token: OPAQUE }),
    });
    expect(plainJson(fields)).to.equal('{"a":"x"}');
  });

  it('renders nothing that redact() would change', () => {
    const pieces = fc.constantFrom(
      'eyJ',
      'bearer',
      'basic',
      ' ',
      '\n',
      '\\',
      '"',
      'abcdefghij',
      '-----BEGIN',
      'k',
      '.',
    );
    const text = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(''));
    const names = fc.constantFrom('a', 'token', 'message', 'x-api-key', 'cookie', 'bearer');
    const value = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.constant(undefined));
    fc.assert(
      fc.property(fc.dictionary(names, value, { noNullPrototype: true }), (fields) => {
        const text = plainJson(fields);
        expect([undefined, JSON.stringify(redact(fields))]).to.include(text);
      }),
    );
  });
});
