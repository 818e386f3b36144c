import { canonicalHeaderName } from '../../shared/identity-headers.js';

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

/**
 * The header lines that may travel on: without the hop-by-hop ones, the `Proxy-*` ones, those that any `Connection` line
 * nominates, and those that `drop` names. Order, spelling and duplicates are kept.
 *
 * @param rawHeaders - name, value, name, value, …, as in `IncomingMessage.rawHeaders`
 * @param drop - tells, by canonical name, what else goes
 * @returns a new list of the same form
 */
export function endToEndHeaders(rawHeaders: readonly string[], drop: (canonicalName: string) => boolean): string[] {
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map(canonicalHeaderName);
  const nominated = new Set(
    names.flatMap((name, index) =>
      name === 'connection' ? connectionOptions(rawHeaders[index * 2 + 1] as string) : [],
    ),
  );
  return rawHeaders.filter((_, index) => {
    const name = names[index >> 1] as string;
    return !(HOP_BY_HOP.has(name) || name.startsWith('proxy-') || nominated.has(name) || drop(name));
  });
}

function connectionOptions(value: string): string[] {
  return value.split(',').map((option) => canonicalHeaderName(option.trim()));
}
