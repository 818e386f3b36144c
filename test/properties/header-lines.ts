import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { canonicalHeaderName, IDENTITY_HEADERS } from '../../lib/shared/identity-headers.js';

/** A header line, its value in latin1. */
export type Line = readonly [name: string, value: string];

/** What stands in every forged value, so that one can be told from a genuine value wherever it turns up. */
export const MARKER = 'f0rged';

const OURS = [...IDENTITY_HEADERS, 'x-gateway-assertion'];

/** The name in any mix of cases. */
export const inAnyCase = (name: string): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(name, name.toUpperCase()),
    fc
      .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
      .map((upper) => Array.from(name, (sign, i) => (upper[i] ? sign.toUpperCase() : sign)).join('')),
  );

/** A name that lenient readers take for `name`: other signs in place of its hyphens, all but never only hyphens. */
const aliasOf = (name: string): fc.Arbitrary<string> =>
  fc
    .tuple(inAnyCase(name), fc.array(fc.constantFrom(...Array.from('-_.~!*+^|')), { minLength: 4, maxLength: 4 }))
    .map(([spelt, signs]) => spelt.replaceAll('-', () => signs.pop() ?? '_'));

/** A value that somebody forges. */
const forged: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('', ', admin', '%2C', '\t', ' x', '\u00e9\u0080\u00ff', '%00', '"').map((rest) => MARKER + rest),
  fc
    .string({ unit: fc.constantFrom(...Array.from('aZ09-_., \t%=;"\u00c3\u00a9\u00ff')), maxLength: 20 })
    .map((text) => `a${text}${MARKER}`),
);

/** Lines that claim to be somebody, in every spelling. */
export const forgedLine: fc.Arbitrary<Line> = fc
  .constantFrom(...OURS)
  .chain((name) =>
    fc.tuple(fc.oneof(inAnyCase(name), aliasOf(name)), fc.oneof({ weight: 9, arbitrary: forged }, fc.constant(''))),
  );

const nomination = fc
  .array(fc.oneof(fc.constantFrom(...OURS, 'authorization', 'keep-alive', 'x-request-id', ''), aliasOf('x-user-id')), {
    maxLength: 4,
  })
  .map((names) => names.join(', '));

/** Lines that claim nothing, although some come near. */
export const noiseLine: fc.Arbitrary<Line> = fc.oneof(
  fc.tuple(inAnyCase('connection'), nomination),
  fc.tuple(
    fc.constantFrom(
      'Cookie',
      'X-User',
      'x-user-ids',
      'x--user-id',
      'X-User-Id-',
      '__proto__',
      'constructor',
      'x-request-id',
      'X_Request_Id',
    ),
    forged,
  ),
  fc.tuple(fc.constantFrom('X-Forwarded-For', 'x_forwarded_for', 'Forwarded', 'X-Real-IP', 'Via'), forged),
  fc.tuple(fc.constantFrom('X-Removed-Identity-Header', 'Keep-Alive', 'TE', 'X-Original-URL'), forged),
);

/** What code may read the headers of a request from. A request that no Node server made may lack some. */
export type HeaderPlaces = Partial<Pick<IncomingMessage, 'rawHeaders' | 'headers' | 'headersDistinct'>>;

/** Every line, wherever code may look for it, whose name means identity to somebody. Assertions are left out: they prove themselves. */
export function identityLinesIn({ headers = {}, rawHeaders = [], headersDistinct = {} }: HeaderPlaces): Line[] {
  const raw = rawHeaders.flatMap((name, i): Line[] => (i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1]!]] : []));
  const parsed = Object.entries({ ...headers }).map(([name, value]): Line => [name, String(value)]);
  const distinct = Object.entries({ ...headersDistinct }).map(
    ([name, values]): Line => [name, (values ?? []).join('|')],
  );
  return [...raw, ...distinct, ...parsed].filter(
    ([name]) => OURS.includes(canonicalHeaderName(name)) && name.toLowerCase() !== 'x-gateway-assertion',
  );
}
