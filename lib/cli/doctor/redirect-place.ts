import type { Quote } from './quote.js';

/** Where a redirect leads, without the query, which may hold what is nobody's business. */
export function redirectPlace(location: string | undefined, quote: Quote): string {
  if (location === undefined) return 'another place';
  return quote(location.replace(/[?#].*$/s, '').replace(/\/\/[^/]*@/, '//'));
}

/** Whether a redirect leads to the same place in https. */
export function isToHttps(location: string | undefined, asked: URL): boolean {
  if (location === undefined || !URL.canParse(location, asked.href)) return false;
  const { protocol, pathname } = new URL(location, asked);
  const plain = (path: string): string => path.replace(/\/$/, '');
  return asked.protocol === 'http:' && protocol === 'https:' && plain(pathname) === plain(asked.pathname);
}
