import fc from 'fast-check';
import { identityText, moment, role, scopes, serviceName } from './callers.js';

/** A payload as the text of a JSON object: with doubled names, odd numbers and escapes, which no object can have. */
export type Payload = readonly (readonly [name: string, json: string])[];

export function jsonOf(payload: Payload): string {
  return `{${payload.map(([name, json]) => `${name}:${json}`).join(',')}}`;
}

const asJson = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<string> => value.map((plain) => JSON.stringify(plain));

const odd = fc.oneof(
  asJson(fc.jsonValue({ maxDepth: 2 })),
  asJson(
    fc.constantFrom('', ' ', ' a', 'a ', 'a\0', '\u202ea', '\ud800', 'a'.repeat(257), 'a,b', 'a b', 'A', 'access'),
  ),
  fc.constantFrom(
    '1e400',
    '-1e400',
    '-0',
    '0',
    '1E3',
    '9007199254740993',
    '"\\u0061"',
    '[[]]',
    '{"__proto__":1}',
    'true',
  ),
);

/** Mostly a legal value, and now and then none or an odd one. */
function claim(name: string, legal: fc.Arbitrary<string>, weight = 24): fc.Arbitrary<Payload> {
  const spelling = fc.oneof(
    { weight: 30, arbitrary: fc.constant(JSON.stringify(name)) },
    // The same name to every reader of JSON.
    { weight: 1, arbitrary: fc.constant(`"\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}"`) },
  );
  return fc.oneof(
    { weight, arbitrary: fc.tuple(spelling, legal).map((entry) => [entry]) },
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.tuple(spelling, odd).map((entry) => [entry]) },
  );
}

const perhaps = (name: string, legal: fc.Arbitrary<string>): fc.Arbitrary<Payload> =>
  fc.oneof(claim(name, legal), fc.constant([]));

/** Claims of either kind, with something wrong in most of them. */
export function payloads(now: number, more: readonly fc.Arbitrary<Payload>[] = []): fc.Arbitrary<Payload> {
  const edge = fc.integer({ min: -7, max: 7 }).map((seconds) => now + seconds);
  const common = [
    claim('email', asJson(identityText)),
    perhaps('scope', asJson(scopes.map((words) => words.join(' ')))),
    ...more,
  ];
  const ofToken = [
    claim('exp', asJson(fc.oneof(edge, moment(now + 1, now + 1e6), moment(1, Number.MAX_SAFE_INTEGER)))),
    perhaps('iat', asJson(fc.oneof(edge, moment(1, now)))),
    perhaps('nbf', asJson(fc.oneof(edge, moment(1, now)))),
    perhaps('jti', asJson(identityText)),
    perhaps('iss', asJson(identityText)),
    perhaps('aud', asJson(fc.oneof(fc.constantFrom('here', 'there'), fc.subarray(['here', 'there', 'elsewhere'])))),
  ];
  const own = more.length === 0 ? [...common, ...ofToken] : common;
  const access = [
    claim('type', fc.constant('"access"')),
    claim('user_id', asJson(identityText)),
    perhaps('role', asJson(role)),
    perhaps('tenant_id', asJson(identityText)),
    perhaps('sub', asJson(identityText)),
    perhaps('is_service', fc.constant('false')),
  ];
  const service = serviceName.chain((name) => {
    const itsName = JSON.stringify(name);
    return entries([
      claim('type', fc.constant('"service"')),
      ...['sub', 'user_id', 'service'].map((same) => claim(same, fc.constant(itsName))),
      claim('role', asJson(role)),
      claim('is_service', fc.constant('true')),
      ...own,
    ]);
  });
  const name = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom('__proto__', 'constructor', 'service', 'role', 'exp'),
  );
  const extra = fc.array(fc.tuple(asJson(name), odd), { maxLength: 1 });
  return fc
    .tuple(fc.oneof(entries([...access, ...own]), service), extra)
    .map(([payload, rest]) => [...payload, ...rest])
    .chain((payload) => fc.shuffledSubarray(payload, { minLength: payload.length }));
}

function entries(claims: readonly fc.Arbitrary<Payload>[]): fc.Arbitrary<Payload> {
  return fc.tuple(...claims).map((lists) => lists.flat());
}

/** Claims of an assertion for `audience`, with something wrong in most of them. */
export function assertionPayloads(now: number, audience: string): fc.Arbitrary<Payload> {
  const seconds = (min: number, max: number): fc.Arbitrary<string> => asJson(moment(now + min, now + max));
  return payloads(now, [
    claim('exp', fc.oneof(seconds(1, 55), seconds(-8, 70))),
    claim('iat', fc.oneof(seconds(-5, 0), seconds(-8, 8))),
    perhaps('nbf', seconds(-8, 8)),
    claim('jti', asJson(identityText)),
    claim('iss', asJson(identityText)),
    claim('aud', fc.oneof({ weight: 9, arbitrary: fc.constant(JSON.stringify(audience)) }, asJson(serviceName))),
    perhaps('token_jti', asJson(identityText)),
    perhaps('token_kid', asJson(identityText)),
    perhaps('token_iat', asJson(moment(1, now))),
    perhaps('token_exp', asJson(moment(1, Number.MAX_SAFE_INTEGER))),
  ]);
}
