import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from '../../lib/shared/errors.js';
import { ROOT } from '../files.js';
import { readMarkdown } from './markdown.js';

const FILE = 'docs/errors.md';

/** docs/errors.md has exactly one heading, a code in backticks, for every error code, and none besides. */
export function checkErrorCodes(): string[] {
  if (!existsSync(join(ROOT, FILE))) {
    return [`${FILE}: missing`];
  }
  const { prose } = readMarkdown(readFileSync(join(ROOT, FILE), 'utf8').split('\n'));
  const documented = new Map<string, number[]>();
  for (const { line, text } of prose) {
    const code = /^## `([^`]+)`\s*$/.exec(text)?.[1];
    if (code !== undefined) {
      documented.set(code, [...(documented.get(code) ?? []), line + 1]);
    }
  }
  const codes = new Set<string>(ERROR_CODES);
  const missing = [...codes].filter((code) => !documented.has(code));
  return [
    ...missing.map((code) => `${FILE}: no heading "## \`${code}\`"`),
    ...[...documented].flatMap(([code, [first = 0, ...others]]) => [
      ...(codes.has(code) ? [] : [`${FILE}:${String(first)}: \`${code}\` is not in ERROR_CODES`]),
      ...others.map((line) => `${FILE}:${String(line)}: \`${code}\` was documented on line ${String(first)} already`),
    ]),
  ];
}
