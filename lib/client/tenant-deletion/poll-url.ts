import { redactText } from '../../shared/redact.js';

/**
 * Resolves where an accepted deletion is looked at. A `Location` may be relative; to another origin it is not followed, as the token would go
 * along; and the ledger keeps it, so that it must hold no secret.
 *
 * @returns undefined where it is not to be followed
 */
export function urlAtSameOrigin(location: string, base: string): string | undefined {
  if (!URL.canParse(location, base)) return undefined;
  const url = new URL(location, base);
  url.hash = '';
  const isPlain = url.username === '' && url.password === '';
  const isHarmless = isPlain && redactText(url.href) === url.href;
  return url.origin === new URL(base).origin && isHarmless ? url.href : undefined;
}
