import { expect } from 'chai';
import { isCanonicalBase64url, MAX_TOKEN_LENGTH, parseJwt, parsePayload } from '../../lib/shared/jwt.js';
import { verifySignature } from '../../lib/shared/jwt-signature.js';
import { readKey } from '../../lib/shared/key.js';
import { encodePart, forge } from '../support/forge.js';
import { newEcPair, newSecret } from '../support/keys.js';
import { refusalOf } from '../support/refusals.js';
import { shown } from '../support/shown.js';

const secret = newSecret();
const HEADER = { alg: 'HS256', typ: 'JWT' };

/** Why a token with this header is refused. */
function headerRefusal(header: unknown): unknown {
  return refusalOf(() => parseJwt(forge(secret, header, {}))).reason;
}

describe('parseJwt', () => {
  it('takes a token apart', () => {
    const text = forge(secret, { ...HEADER, kid: 'k-1', cty: 'ignored' }, { a: 1 });
    expect(parseJwt(text)).to.deep.equal({
      text,
      algorithm: 'HS256',
      kid: 'k-1',
      typ: 'JWT',
      payloadPart: encodePart({ a: 1 }),
    });
    expect(parseJwt(forge(secret, { alg: 'x' }, {}))).to.include({ algorithm: 'x', kid: undefined, typ: undefined });
  });

  // V1
  for (const value of [
    undefined,
    null,
    0,
    1,
    true,
    {},
    [],
    ['a.b.c'],
    Buffer.from('a.b.c'),
    Symbol('a'),
    () => 'a',
    new String('a.b.c'),
  ]) {
    it(`refuses ${shown(value)}`, () => {
      expect(refusalOf(() => parseJwt(value))).to.deep.equal({ code: 'invalid_token', reason: 'not_a_string' });
    });
  }

  it('refuses a token of more than 8,192 characters before it decodes anything', () => {
    // V4
    const pad = (length: number): string =>
      `${encodePart(HEADER)}.${'A'.repeat(length - encodePart(HEADER).length - 6)}.AAAA`;
    expect(pad(MAX_TOKEN_LENGTH)).to.have.length(8192);
    expect(parseJwt(pad(8192)).algorithm).to.equal('HS256');
    expect(refusalOf(() => parseJwt(pad(8193)))).to.deep.equal({ code: 'invalid_token', reason: 'too_long' });
    const huge = 'A'.repeat(5 * 1024 * 1024);
    for (const token of [huge, `${huge}.${huge}.${huge}`, '.'.repeat(5e6)]) {
      // So often that decoding would take minutes, and end the test.
      for (let i = 0; i < 10_000; i++) {
        if (refusalOf(() => parseJwt(token)).reason !== 'too_long') expect.fail('another reason');
      }
    }
  });

  describe('refuses a text that is not three canonical parts', () => {
    const good = forge(secret, HEADER, { a: 'bc' });
    const [header = '', payload = '', signature = ''] = good.split('.');
    /** The same bits but for those that decoders drop. */
    const respelt = (part: string): string =>
      part.slice(0, -1) + String.fromCharCode(part.charCodeAt(part.length - 1) + 1);

    // V2
    const FORMS = [
      '',
      ' ',
      '.',
      '..',
      '...',
      header,
      `${header}.${payload}`,
      `${good}.`,
      `${good}.a`,
      `.${good}`,
      `${good}.a.b`,
    ];
    FORMS.push(
      `..${signature}`,
      `${header}..${signature}`,
      `${header}.${payload}.`,
      `.${payload}.${signature}`,
      'a.b.c',
      `Bearer ${good}`,
    );
    for (const text of FORMS) {
      it(JSON.stringify(text.length > 60 ? `${text.slice(0, 25)}…${text.slice(-8)}` : text), () => {
        parseJwt(good);
        expect(refusalOf(() => parseJwt(text))).to.deep.equal({ code: 'invalid_token', reason: 'not_a_jwt' });
      });
    }

    // V3
    for (const [name, stray] of Object.entries({
      space: ' ',
      tab: '\t',
      CR: '\r',
      LF: '\n',
      NUL: '\0',
      ZWSP: '\u200B',
      '=': '=',
      '+': '+',
      '/': '/',
      é: 'é',
    })) {
      it(`with a stray ${name} anywhere`, () => {
        for (let at = 0; at <= good.length; at += 3) {
          const text = good.slice(0, at) + stray + good.slice(at);
          expect(refusalOf(() => parseJwt(text)).reason).to.equal('not_a_jwt');
        }
        expect(refusalOf(() => parseJwt(good + stray)).reason).to.equal('not_a_jwt');
      });
    }

    it('with another spelling of the last character', () => {
      const [spaced, three] = [encodePart('{"alg":"HS256" }'), encodePart('{"a":"bcd"}')];
      parseJwt(`${spaced}.${three}.${signature}`);
      for (const parts of [
        [respelt(spaced), three, signature],
        [spaced, respelt(three), signature],
        [spaced, three, respelt(signature)],
      ]) {
        expect(refusalOf(() => parseJwt(parts.join('.'))).reason).to.equal('not_a_jwt');
      }
    });
  });

  // V5
  const deep = (depth: number): string => `{"alg":"HS256","x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  for (const [name, header, reason] of [
    ['null', 'null', 'header_not_an_object'],
    ['an array', '[]', 'header_not_an_object'],
    ['an array with alg', '["alg"]', 'header_not_an_object'],
    ['a text', '"HS256"', 'header_not_an_object'],
    ['a number', '1', 'header_not_an_object'],
    ['an empty object', '{}', 'header_alg'],
    ['half an object', '{"alg":"HS256"', 'header_not_json'],
    ['an object and more', '{"alg":"HS256"}x', 'header_not_json'],
    ['a BOM', '\uFEFF{"alg":"HS256"}', 'header_not_json'],
    ['UTF-16', Buffer.from('{"alg":"HS256"}', 'utf16le'), 'header_not_json'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'header_not_json'],
    ['alg twice', '{"alg":"none","alg":"HS256"}', 'header_doubled_name'],
    ['alg twice, once escaped', '{"alg":"HS256","\\u0061lg":"HS256"}', 'header_doubled_name'],
    ['alg twice, spaced', '{"alg" :"HS256","kid":{"alg":1}, "alg"\n:"HS256"}', 'header_doubled_name'],
    ['__proto__', '{"alg":"HS256","__proto__":{"kid":"k"}}', 'header___proto__'],
    ['depth beyond the limit', deep(20_000), undefined],
    ['much more depth', deep(100_000), undefined],
  ] as const) {
    it(`refuses a header of ${name}`, () => {
      expect(headerRefusal(header)).to.equal(reason ?? 'too_long');
    });
  }

  it('takes depth and doubled names where they mean nothing', () => {
    parseJwt(forge(secret, deep(2500), {}));
    parseJwt(forge(secret, '{"alg":"HS256","x":{"alg":1,"alg":2},"y":"alg","z":["alg","alg"],"w":"\\"alg\\":{"}', {}));
  });

  // V6
  for (const alg of [undefined, null, 256, true, ['HS256'], { alg: 'HS256' }]) {
    it(`refuses alg ${shown(alg)}`, () => expect(headerRefusal({ ...HEADER, alg })).to.equal('header_alg'));
  }

  // V8
  for (const [name, values] of Object.entries({
    crit: [['x'], [], 'x', ['x', 'x'], ['alg'], ['b64'], null, {}],
    b64: [false, true, null],
    zip: ['DEF', null],
    enc: ['A256GCM'],
    jwk: [{ kty: 'oct', k: 'AAAA' }, null],
    jku: ['https://evil.example/jwks.json', 'file:///etc/passwd'],
    x5u: ['https://evil.example/cert.pem'],
    x5c: [['MIIB'], []],
  })) {
    it(`refuses the parameter ${name}, whatever it is`, () => {
      for (const value of values) expect(headerRefusal({ ...HEADER, [name]: value })).to.equal(`header_${name}`);
    });
  }

  it('refuses crit with b64: false by either name', () => {
    expect(headerRefusal({ ...HEADER, crit: ['b64'], b64: false })).to.equal('header_crit');
  });

  // V10
  for (const kid of [null, 7, true, ['k'], {}, 'a'.repeat(257), 'a'.repeat(10_240 / 2)]) {
    it(`refuses kid ${JSON.stringify(kid).slice(0, 12)}`, () =>
      expect(headerRefusal({ ...HEADER, kid })).to.equal('header_kid'));
  }

  // V9
  for (const typ of [null, 7, true, ['JWT'], {}]) {
    it(`refuses typ ${JSON.stringify(typ)}`, () => expect(headerRefusal({ ...HEADER, typ })).to.equal('header_typ'));
  }
});

describe('parsePayload', () => {
  const read = (payload: unknown): unknown => parsePayload(parseJwt(forge(secret, HEADER, payload)));

  it('reads an object', () => {
    expect(read({ a: 1, b: { a: 2 } })).to.deep.equal({ a: 1, b: { a: 2 } });
  });

  // V11
  for (const [name, payload, reason] of [
    ['null', 'null', 'payload_not_an_object'],
    ['true', 'true', 'payload_not_an_object'],
    ['a number', '1', 'payload_not_an_object'],
    ['a text', '"s"', 'payload_not_an_object'],
    ['an array', '[]', 'payload_not_an_object'],
    ['an array of one', '[1]', 'payload_not_an_object'],
    ['white space', ' ', 'payload_not_json'],
    ['half an object', '{"a":1', 'payload_not_json'],
    ['a BOM', '\uFEFF{}', 'payload_not_json'],
    ['NaN', '{"exp":NaN}', 'payload_not_json'],
    ['UTF-16', Buffer.from('{}', 'utf16le'), 'payload_not_json'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'payload_not_json'],
    ['a raw surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'payload_not_json'],
    ['a doubled name', '{"service":"a","service":"b"}', 'payload_doubled_name'],
    ['an escaped doubled name', '{"service":"a","\\u0073ervice":"b"}', 'payload_doubled_name'],
  ] as const) {
    it(`refuses ${name}`, () => {
      expect(refusalOf(() => read(payload))).to.deep.equal({ code: 'invalid_token', reason });
    });
  }
});

describe('isCanonicalBase64url', () => {
  /** Decode, encode, compare. */
  const isCanonical = (part: string): boolean =>
    part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part;

  it('is what decoding and encoding again shows', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \n\u00e9\u0100';
    const seen = new Set<boolean>();
    for (const start of ['', 'A', 'Ab', 'Ab0', 'Ab0_', 'Ab-_Z']) {
      for (const a of alphabet) {
        for (let i = -1; i < alphabet.length; i++) {
          const b = i < 0 ? '' : alphabet.charAt(i);
          const part = start + a + b;
          expect(isCanonicalBase64url(part), JSON.stringify(part)).to.equal(isCanonical(part));
          seen.add(isCanonical(part));
        }
      }
    }
    expect(isCanonicalBase64url('')).to.equal(false);
    expect(seen.size).to.equal(2);
  });
});

describe('parseJwt, from its memory of headers', () => {
  it('reads right when it has met more headers than it remembers', () => {
    for (let i = 0; i < 200; i++) {
      const kid = `key-${String(i)}`;
      expect(parseJwt(forge(secret, { alg: 'HS256', kid }, {})).kid).to.equal(kid);
    }
    for (const kid of ['key-0', 'key-199'])
      expect(parseJwt(forge(secret, { alg: 'HS256', kid }, {})).kid).to.equal(kid);
  });

  it('remembers no header that it refused', () => {
    for (let i = 0; i < 2; i++) expect(headerRefusal({ alg: 'HS256', crit: ['x'] })).to.equal('header_crit');
  });
});

describe('verifySignature', () => {
  const [key, other] = [readKey('a', secret, undefined, true), readKey('b', newSecret(), undefined, true)];
  const pair = readKey('c', newEcPair().publicPem, undefined, false);
  const parsed = parseJwt(forge(secret, HEADER, {}));

  it('returns the key that signed', () => {
    expect(verifySignature(parsed, [other, pair, key])).to.equal(key);
  });

  it('says why no key is right', () => {
    expect(refusalOf(() => verifySignature(parsed, [])).reason).to.equal('unknown_key');
    expect(refusalOf(() => verifySignature(parsed, [pair])).reason).to.equal('wrong_algorithm');
    expect(refusalOf(() => verifySignature(parsed, [other])).reason).to.equal('bad_signature');
  });

  it('leaves time and claims to others', () => {
    for (const payload of [{ exp: 1 }, { nbf: 9e9 }, { exp: 'x' }, { aud: 7 }, {}]) {
      expect(verifySignature(parseJwt(forge(secret, HEADER, payload)), [key])).to.equal(key);
    }
  });
});
