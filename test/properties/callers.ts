import fc from 'fast-check';
import type { Caller, ServiceCaller, UserCaller } from '../../lib/shared/caller.js';
import { isIdentityText, isRole } from '../../lib/shared/identity-text.js';
import { isServiceName } from '../../lib/shared/services.js';

// What encodings get wrong: percent signs and half escapes, commas, other scripts, combined and astral characters.
const AWKWARD = [
  ...Array.from('%,+;="\'\\/&<>'),
  '%2C',
  '%',
  '%4',
  ' ',
  'ë',
  'e\u0301',
  '名',
  'ß',
  'İ',
  '😀',
  '\u00a0',
  '\u0378',
];

const NAMES = [
  '%',
  '%2C',
  '100%',
  'a%zz',
  '__proto__',
  'constructor',
  'null',
  '0',
  '-1',
  '名前',
  'zoë@example.org',
  ',',
];

function shortened(text: string): string {
  let end = text.length;
  while (Buffer.byteLength(text.slice(0, end)) > 256) end--;
  return text.slice(0, end).trim();
}

/** Any text that may name somebody: short, long, in any script, full of what must be escaped. */
export const identityText: fc.Arbitrary<string> = fc
  .oneof(
    fc.constantFrom(...NAMES),
    fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 80, size: 'max' }),
    fc.string({ unit: fc.constantFrom(...AWKWARD, 'a', 'b', '@'), minLength: 1, maxLength: 256, size: 'max' }),
    fc.constantFrom('a', '%', 'ë', '名', '😀').map((sign) => sign.repeat(256)),
  )
  .map(shortened)
  .filter(isIdentityText);

export const role: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('admin', 'owner', 'eigentümer', '%', '__proto__'),
  identityText.map((text) => text.replaceAll(/[\s,]/g, '.')).filter(isRole),
);

export const serviceName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('orders-service', 'constructor', 'a', `a${'-b1'.repeat(20)}`),
  fc.stringMatching(/^[a-z][a-z0-9]{0,10}(-[a-z0-9]{1,8}){0,3}$/).filter(isServiceName),
);

const SCOPE_SIGNS = Array.from({ length: 0x7e - 0x20 }, (_, i) => String.fromCharCode(0x21 + i)).filter(
  (sign) => !'"\\'.includes(sign),
);

export const scopes: fc.Arbitrary<readonly string[]> = fc.array(
  fc.string({ unit: fc.constantFrom(...SCOPE_SIGNS), minLength: 1, maxLength: 20 }),
  { maxLength: 6 },
);

/** A time as a token may have it: whole seconds mostly; fractions are legal too. */
export const moment = (min: number, max: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min, max }) },
    { weight: 1, arbitrary: fc.double({ min, max, noNaN: true }) },
  );

const common = { userId: identityText, email: identityText, scopes };

export const user: fc.Arbitrary<UserCaller> = fc.record(
  {
    type: fc.constant('access' as const),
    ...common,
    role,
    tenantId: identityText,
    via: fc.constant('bearer' as const),
  },
  { requiredKeys: ['type', 'userId', 'email', 'scopes', 'via'], noNullPrototype: true },
);

export const service: fc.Arbitrary<ServiceCaller> = fc
  .record({ service: serviceName, email: identityText, scopes, role }, { noNullPrototype: true })
  .map((facts) => ({ type: 'service', userId: facts.service, via: 'bearer', ...facts }));

/** Any caller that a token may make, without the facts of its token. */
export const caller: fc.Arbitrary<Caller> = fc.oneof(user, service);

/** Any caller, with facts of a token that lives at `now` for some time still. */
export const callerWithFacts = (now: number): fc.Arbitrary<Caller> =>
  fc
    .tuple(
      caller,
      fc.record(
        {
          tokenId: identityText,
          keyId: identityText,
          issuedAt: moment(1, now),
          expiresAt: moment(now + 1, Number.MAX_SAFE_INTEGER),
        },
        { requiredKeys: [], noNullPrototype: true },
      ),
    )
    .map(([who, facts]) => ({ ...who, ...facts }));
