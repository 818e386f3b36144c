import { canonicalHeaderName } from '../../shared/identity-headers.js';
import { remember } from '../../shared/remember.js';

/**
 * Fields that belong to one connection and must not travel further: RFC 9110 §7.6.1, those of older practice
 * (`Keep-Alive`, `Proxy-Connection`), and `Trailer`, because trailer fields are not forwarded either.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Picks the header lines that may travel on: a flat list `name, value, …` becomes a new one. */
export type HeaderFilter = (rawHeaders: readonly string[]) => string[];

type Fate = 'kept' | 'dropped' | 'nominates';

// What a `Connection` line says that nominates no header (but itself).
const NOMINATES_NOTHING = /^(?:keep-alive|close)?$/i;

/**
 * Makes a filter that passes header lines without the hop-by-hop ones, the `Proxy-*` ones, those that any `Connection` line
 * nominates, and those that `drop` names. Order, spelling and duplicates are kept. What becomes of a name is decided once.
 *
 * @param drop - tells, by canonical name, what else goes; asked once for each spelling of a name
 */
export function createHeaderFilter(drop: (canonicalName: string) => boolean): HeaderFilter {
  const fateOf = remember((name): Fate => {
    const canonical = canonicalHeaderName(name);
    if (canonical === 'connection') return 'nominates';
    return HOP_BY_HOP.has(canonical) || canonical.startsWith('proxy-') || drop(canonical) ? 'dropped' : 'kept';
  });

  return (rawHeaders) => {
    const kept: string[] = [];
    let nominated: Set<string> | undefined;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] as string;
      const value = rawHeaders[index + 1] as string;
      const fate = fateOf(name);
      if (fate === 'kept') kept.push(name, value);
      else if (fate === 'nominates' && !NOMINATES_NOTHING.test(value)) {
        nominated ??= new Set();
        for (const option of value.split(',')) nominated.add(canonicalHeaderName(option.trim()));
      }
    }
    return nominated === undefined ? kept : without(kept, nominated);
  };
}

function without(lines: readonly string[], nominated: ReadonlySet<string>): string[] {
  return lines.filter((_, index) => !nominated.has(canonicalHeaderName(lines[index - (index % 2)] as string)));
}
