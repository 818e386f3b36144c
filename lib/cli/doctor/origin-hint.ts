/**
 * What to say first where a path was not found and the URL names none: nothing is served at the root of most hosts.
 *
 * @param asked - what was asked
 * @returns a sentence and a space; '' where the URL has a path
 */
export function originHint({ pathname }: URL): string {
  return pathname === '/'
    ? 'The URL names no path: --service (for its deletion preview) or --path names a place to ask. '
    : '';
}
