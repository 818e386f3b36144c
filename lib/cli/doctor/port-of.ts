/** The port that a URL leads to: a URL has none where it is the usual one of its scheme. */
export function portOf({ port, protocol }: Pick<URL, 'port' | 'protocol'>): string {
  return port || (protocol === 'https:' ? '443' : '80');
}
