import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, filesUnder } from '../files.js';
import { isCode, readMarkdown } from './markdown.js';

const MARKER = /^\s*<!-- example: (examples\/[^\s#]+)(?:#(\S+))? -->\s*$/;
const REGION_LINE = /^\s*\/\/ #(end)?region\b/;

/**
 * Every ts or js block of the documents is the file, or the region of a file, which the comment before it names:
 * `<!-- example: examples/mint.ts#region -->`. With `fix` the blocks that differ are rewritten.
 */
export function checkSnippets({ fix }: { readonly fix: boolean }): string[] {
  const documents = [...filesUnder('docs'), 'README.md', 'CONTRIBUTING.md'].filter(
    (file) => file.endsWith('.md') && existsSync(join(ROOT, file)),
  );
  return documents.flatMap((file) => checkDocument(file, fix));
}

function checkDocument(file: string, fix: boolean): string[] {
  const errors: string[] = [];
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
  let changed = false;
  // From the end, so that a rewritten block does not move the ones still to come.
  for (const fence of readMarkdown(lines).fences.filter(isCode).reverse()) {
    const where = `${file}:${String(fence.openLine + 1)}`;
    const marker = MARKER.exec(markerLine(lines, fence.openLine));
    if (marker === null) {
      errors.push(`${where}: no \`<!-- example: examples/<file>.ts -->\` or \`…#<region> -->\` before this block`);
      continue;
    }
    const [, source = '', region] = marker;
    const expected = snippet(source, region);
    if (expected instanceof Error) {
      errors.push(`${where}: ${expected.message}`);
    } else if (expected !== fence.code && fix) {
      const body = expected.split('\n').map((line) => (line === '' ? '' : fence.indent + line));
      lines.splice(fence.openLine + 1, fence.closeLine - fence.openLine - 1, ...body);
      changed = true;
    } else if (expected !== fence.code) {
      errors.push(`${where}: differs from ${source}${region === undefined ? '' : `#${region}`}; \`npm run docs:fix\``);
    }
  }
  if (changed) {
    writeFileSync(join(ROOT, file), lines.join('\n'));
    console.log(`${file}: rewritten from the examples`);
  }
  return errors.reverse();
}

/** The nearest line above that is not blank. */
function markerLine(lines: readonly string[], openLine: number): string {
  return lines.slice(0, openLine).findLast((line) => line.trim() !== '') ?? '';
}

function snippet(source: string, region: string | undefined): string | Error {
  if (!existsSync(join(ROOT, source))) {
    return new Error(`there is no ${source}`);
  }
  const lines = readFileSync(join(ROOT, source), 'utf8').split('\n');
  if (region === undefined) {
    return dedent(lines);
  }
  const starts = lines.flatMap((line, index) => (line.trim() === `// #region ${region}` ? [index] : []));
  const [start = -1, ...others] = starts;
  const end = lines.findIndex((line, index) => index > start && line.trim() === `// #endregion ${region}`);
  if (start === -1 || end === -1 || others.length > 0) {
    return new Error(`${source} needs one \`// #region ${region}\` and its \`// #endregion ${region}\``);
  }
  return dedent(lines.slice(start + 1, end));
}

/** Without the marks of regions, the common indentation, and blank lines at either end. */
function dedent(lines: readonly string[]): string {
  const shown = lines.filter((line) => !REGION_LINE.test(line));
  const indents = shown.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents);
  return shown
    .map((line) => line.slice(indent).trimEnd())
    .join('\n')
    .replaceAll(/^\n+|\n+$/g, '');
}
