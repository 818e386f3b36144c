/**
 * Writes a list as a file of JSON with an entry a line, for people and for version control: `{ "version": 1, "<name>": [ … ] }`.
 *
 * @param name - what the list is called
 * @param entries - each becomes one line
 */
export function formatJsonList(name: string, entries: readonly unknown[]): string {
  const lines = entries.map((entry) => `\n    ${JSON.stringify(entry)}`).join(',');
  return `{\n  "version": 1,\n  "${name}": [${lines === '' ? '' : `${lines}\n  `}]\n}\n`;
}
