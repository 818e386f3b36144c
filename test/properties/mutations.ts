import type { KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { encodePart, forge } from '../support/forge.js';

const SIGNS = Array.from('ABCXYZabcxyz0189-_.=+/ \t\n\0"{},%é\u200b😀');
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const text = fc.string({ unit: fc.constantFrom(...SIGNS), minLength: 1, maxLength: 8 });

/** Any text and any bytes, with and without the form of a token. */
export const randomText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 120 }),
  fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 60 }),
  fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc
    .array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.map(encodePart).join('.')),
  fc.array(fc.jsonValue({ maxDepth: 2 }), { minLength: 2, maxLength: 3 }).map((parts) => parts.map(part).join('.')),
  fc
    .tuple(fc.constantFrom('HS256', 'none', 'ES256', 'HS256 '), fc.jsonValue({ maxDepth: 1 }), fc.uint8Array())
    .map(([alg, payload, signature]) => [part({ alg }), part(payload), encodePart(signature)].join('.')),
);

/** What somebody may sign with who has not the key, and the algorithm that goes with it. */
export interface WrongKey {
  readonly key: KeyObject | string | Buffer;
  readonly algorithm: string;
}

/**
 * Tokens and assertions to which something was done that only a holder of the key could make good.
 *
 * @param genuine - good ones, three at least
 * @param wrongKeys - keys that did not sign them
 */
export function mutated(genuine: readonly string[], wrongKeys: readonly WrongKey[]): fc.Arbitrary<string> {
  const one = fc.constantFrom(...genuine);
  const wrongKey = fc.constantFrom(...wrongKeys);
  const index = fc.constantFrom<0 | 1 | 2>(0, 1, 2);
  const at = fc.nat(1 << 20);
  const changed = fc.oneof(
    // Signs
    fc.tuple(one, at, text).map(([token, i, sign]) => splice(token, i, sign.length, sign)),
    fc.tuple(one, at, text).map(([token, i, sign]) => splice(token, i, 0, sign)),
    fc.tuple(one, at, fc.integer({ min: 1, max: 40 })).map(([token, i, length]) => splice(token, i, length, '')),
    fc.tuple(one, at).map(([token, i]) => token.slice(0, i % token.length)),
    fc.tuple(one, text, fc.boolean()).map(([token, sign, before]) => (before ? sign + token : token + sign)),
    // Bits of what is encoded
    fc.tuple(one, index, at).map(([token, i, bit]) => ofPart(token, i, (bytes) => flip(bytes, bit))),
    // Segments
    fc
      .tuple(one, fc.array(index, { maxLength: 5 }))
      .map(([token, order]) => order.map((i) => segments(token)[i]).join('.')),
    fc.tuple(one, one, index).map(([a, b, i]) => withSegment(a, i, segments(b)[i]!)),
    fc.tuple(one, index, index, one).map(([a, i, j, b]) => withSegment(a, i, segments(b)[j]!)),
    // The same bytes in another spelling
    fc.tuple(one, index, fc.integer({ min: 1, max: 15 })).map(([token, i, bits]) => respelled(token, i, bits)),
    fc
      .tuple(one, index, fc.constantFrom('=', '==', ' ', '\n'))
      .map(([a, i, pad]) => withSegment(a, i, segments(a)[i]! + pad)),
    one.map((token) => token.replaceAll('-', '+').replaceAll('_', '/')),
    fc
      .tuple(one, fc.constantFrom<0 | 1>(0, 1), fc.constantFrom(' ', '\n', '\ufeff'))
      .map(([token, i, blank]) => ofPart(token, i, (bytes) => Buffer.concat([Buffer.from(blank), bytes]))),
    // JSON, with the old signature or with one by another key
    fc
      .tuple(one, fc.constantFrom<0 | 1>(0, 1), edit)
      .map(([token, i, change]) => withSegment(token, i, part({ ...json(token, i), ...change }))),
    fc
      .tuple(one, edit, edit, wrongKey)
      .map(([token, ofHeader, ofPayload, { key, algorithm }]) =>
        forge(key, { ...json(token, 0), ...ofHeader }, { ...json(token, 1), ...ofPayload }, algorithm),
      ),
    fc
      .tuple(one, wrongKey, fc.boolean())
      .map(([token, { key, algorithm }, honest]) =>
        forge(key, { ...json(token, 0), ...(honest && { alg: algorithm }) }, json(token, 1), algorithm),
      ),
    fc
      .tuple(one, fc.jsonValue({ maxDepth: 2 }), wrongKey)
      .map(([token, payload, { key, algorithm }]) => forge(key, json(token, 0), JSON.stringify(payload), algorithm)),
    // Signatures
    fc.tuple(one, fc.uint8Array({ maxLength: 72 })).map(([token, bytes]) => withSegment(token, 2, encodePart(bytes))),
    fc
      .tuple(one, fc.constantFrom(0, 255), fc.constantFrom(1, 32, 64))
      .map(([token, byte, length]) => withSegment(token, 2, encodePart(Buffer.alloc(length, byte)))),
    fc
      .tuple(one, fc.constantFrom('none', 'None', 'NONE', ''))
      .map(([token, alg]) => withSegment(withSegment(token, 2, ''), 0, part({ ...json(token, 0), alg }))),
  );
  return changed.filter((token) => !genuine.includes(token));
}

const edit = fc.oneof(
  fc.constant({}),
  fc.record(
    {
      alg: fc.oneof(
        fc.constantFrom('none', 'HS256', 'HS384', 'ES256', 'RS256', 'hs256', ''),
        fc.jsonValue({ maxDepth: 1 }),
      ),
      kid: fc.oneof(fc.constantFrom('', '__proto__', '../x'), fc.jsonValue({ maxDepth: 1 })),
      typ: fc.oneof(fc.constantFrom('JWT', 'jwt', 'gateway-assertion+jwt'), fc.jsonValue({ maxDepth: 1 })),
      role: fc.constantFrom('owner', 'admin'),
      user_id: fc.constantFrom('u-2', 'orders-service'),
      exp: fc.double(),
      crit: fc.jsonValue({ maxDepth: 1 }),
    },
    { requiredKeys: [], noNullPrototype: true },
  ),
  fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3, noNullPrototype: true }),
);

const part = (value: unknown): string => encodePart(JSON.stringify(value));
const segments = (token: string): string[] => token.split('.');

function json(token: string, index: 0 | 1): object {
  return JSON.parse(Buffer.from(segments(token)[index]!, 'base64url').toString()) as object;
}

function splice(token: string, position: number, remove: number, insert: string): string {
  const start = position % (token.length + 1);
  return token.slice(0, start) + insert + token.slice(start + remove);
}

function withSegment(token: string, index: 0 | 1 | 2, segment: string): string {
  return segments(token).with(index, segment).join('.');
}

function ofPart(token: string, index: 0 | 1 | 2, change: (bytes: Buffer) => Buffer): string {
  return withSegment(token, index, change(Buffer.from(segments(token)[index]!, 'base64url')).toString('base64url'));
}

function flip(bytes: Buffer, bit: number): Buffer {
  const position = (bit >> 3) % bytes.length;
  return Buffer.from(bytes.with(position, bytes[position]! ^ (1 << (bit & 7))));
}

/** Lenient decoders ignore the last bits of a part whose length is no multiple of four. */
function respelled(token: string, index: 0 | 1 | 2, bits: number): string {
  const segment = segments(token)[index]!;
  const last = ALPHABET[ALPHABET.indexOf(segment.at(-1)!) ^ bits]!;
  return withSegment(token, index, segment.slice(0, -1) + last);
}
