import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ROOT, filesUnder } from '../files.js';
import { anchorsOf, readMarkdown } from './markdown.js';

/** Every relative link of every document leads to a file of the repository, and its `#anchor` to a heading there. */
export function checkLinks(): string[] {
  const files = filesUnder();
  const places = new Set(files.flatMap((file) => [file, ...foldersAbove(file)]));
  const documents = new Map(
    files
      .filter((file) => file.endsWith('.md') && !file.startsWith('etc/'))
      .map((file) => [file, readMarkdown(readFileSync(join(ROOT, file), 'utf8').split('\n')).prose]),
  );
  const errors: string[] = [];
  for (const [file, prose] of documents) {
    for (const { line, text } of prose) {
      for (const target of linksIn(text)) {
        const [path = '', anchor] = target.split('#', 2).map(decodeURIComponent);
        const place = path === '' ? file : posix.join(posix.dirname(file), path).replace(/\/$/, '');
        const where = `${file}:${String(line + 1)}`;
        if (path.startsWith('/') || !places.has(place)) {
          errors.push(`${where}: ${target} leads nowhere`);
        } else if (anchor !== undefined && documents.has(place) && !anchorsOf(documents.get(place) ?? []).has(anchor)) {
          errors.push(`${where}: ${place} has no heading #${anchor}`);
        }
      }
    }
  }
  return errors;
}

function foldersAbove(file: string): string[] {
  const folder = posix.dirname(file);
  return folder === '.' ? ['.'] : [folder, ...foldersAbove(folder)];
}

/** The relative targets of a line: `[text](target)`, `[label]: target`, `href="target"`, `src="target"`. */
function linksIn(line: string): string[] {
  const text = line.replaceAll(/(`+)[^`].*?\1/g, '');
  const targets = [
    ...text.matchAll(/\]\(<?([^)>\s]+)>?(?:\s+["'][^)]*)?\)/g),
    ...text.matchAll(/^\s{0,3}\[[^\]]+\]:\s+<?([^>\s]+)/g),
    ...text.matchAll(/<[a-z][^>]*\s(?:href|src)="([^"]+)"/gi),
  ].map(([, target = '']) => target);
  return targets.filter((target) => !/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(target));
}
