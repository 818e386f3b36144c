import fc from 'fast-check';
import { IDENTITY_HEADERS } from '../../lib/shared/identity-headers.js';
import { inAnyCase, type Line } from './header-lines.js';

/** Somebody who may call: their proofs, good and bad, and their identity headers. */
export interface Somebody {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tokens: readonly Proof[];
  readonly assertions: readonly Proof[];
}

export interface Proof {
  readonly text: string;
  readonly good: boolean;
}

/** The lines of a request in which somebody calls: with proofs and identity headers of theirs, or of several people. */
export function calls(people: readonly Somebody[]): fc.Arbitrary<readonly Line[]> {
  const mixed = fc.array(
    fc.constantFrom(...people).chain((who) => lineOf(who)),
    { maxLength: 4 },
  );
  const alone = fc.constantFrom(...people).chain((who) =>
    fc
      .tuple(
        fc.array(proofLine(who), { minLength: 1, maxLength: 2 }),
        fc.subarray(Object.entries(who.headers)).map((lines): readonly Line[] => lines),
        fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, fc.constant<Line[]>([['X-User-Type', 'user']])),
      )
      .map((parts) => parts.flat()),
  );
  return fc.oneof({ weight: 3, arbitrary: alone }, mixed);
}

const proofLine = (who: Somebody): fc.Arbitrary<Line> =>
  fc.oneof(
    fc.tuple(
      inAnyCase('authorization'),
      fc.tuple(scheme, mostlyGood(who.tokens)).map(([before, token]) => before + token),
    ),
    fc.tuple(inAnyCase('x-gateway-assertion'), mostlyGood(who.assertions)),
  );

const scheme = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('Bearer ', 'bearer ', 'BEARER ') },
  fc.constantFrom('Basic ', 'Bearer  ', 'Bearer\t', '', 'Bearer x,', 'Bearer a b '),
);

const mostlyGood = (proofs: readonly Proof[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...proofs.filter(({ good }) => good).map(({ text }) => text)) },
    fc.constantFrom(...proofs.map(({ text }) => text)),
  );

const lineOf = (who: Somebody): fc.Arbitrary<Line> =>
  fc.oneof(
    proofLine(who),
    fc
      .constantFrom(...Object.entries(who.headers))
      .chain(([name, value]) => fc.tuple(inAnyCase(name), fc.constant(value))),
  );

/**
 * Who is believed, by the table in docs/architecture.md for a service with keys that trusts no peer: the name of the one
 * who proved it, or undefined. It judges proofs by what they were made to be, and parses nothing.
 *
 * @param lines - of the request, with names in lower case and values as a server reads them
 */
export function decide(lines: readonly Line[], people: readonly Somebody[]): string | undefined {
  const of = (wanted: string): readonly string[] => lines.flatMap(([name, value]) => (name === wanted ? [value] : []));
  const holder = (kind: 'tokens' | 'assertions', text: string): Somebody | undefined =>
    people.find((who) => who[kind].some((proof) => proof.good && proof.text === text));
  const [authorization, assertion] = [of('authorization'), of('x-gateway-assertion')];
  if (authorization.length > 1 || assertion.length > 1) return undefined;
  const proven: (Somebody | undefined)[] = assertion.map((text) => holder('assertions', text));
  const bearer = authorization[0] ?? 'none';
  if (/^bearer([ \t,]|$)/i.test(bearer)) proven.push(holder('tokens', bearer.replace(/^bearer /i, '')));
  const [who] = proven;
  if (who === undefined || proven.some((other) => other !== who)) return undefined;
  const agree = IDENTITY_HEADERS.every((name) => {
    const values = of(name);
    // Older gateways write `user`.
    const same = values.every(
      (value) => value === who.headers[name] || (value === 'user' && who.headers[name] === 'access'),
    );
    return same && values.length <= 1;
  });
  return agree ? who.name : undefined;
}
