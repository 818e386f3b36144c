/** The longest request target, in characters, that is passed on. */
export const MAX_TARGET_LENGTH = 8192;

/**
 * Says why a request target is not in its normal form, or undefined where it is. Gateway and service must read the path
 * alike, so nothing is normalised here: what could be read in two ways is refused (RFC 3986 §6.2.2, RFC 9112 §3.2.1).
 *
 * @param target - the request target as it came, query included
 */
export function targetDefect(target: string): string | undefined {
  if (target.length > MAX_TARGET_LENGTH) return 'too_long';
  if (!target.startsWith('/')) return 'not_origin_form';
  if (!/^[\x21-\x22\x24-\x7e]+$/.test(target)) return 'illegal_character';
  const path = pathOf(target);
  if (path.includes('\\')) return 'backslash';
  if (path.includes('//')) return 'empty_segment';
  if (path.includes('%')) {
    if (!isDecodable(path)) return 'bad_percent_encoding';
    // Encoded dots, slashes, backslashes and control characters: a service that decodes sees another path.
    if (/%(?:2e|2f|5c|7f|[01][0-9a-f])/i.test(path)) return 'encoded_delimiter';
  }
  // `..;x` is `..` to servers that take what follows the semicolon for a parameter.
  if (path.includes('/.') && /\/\.{1,2}(?:[/;]|%3b|$)/i.test(path)) return 'dot_segment';
  return undefined;
}

/** Whether what is percent-encoded is UTF-8 (RFC 3986 §2.5): a lenient decoder takes the overlong `%c0%ae` for a dot. */
function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** The path of a request target: what stands before the query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}
