import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the repository; every path the checks speak of is relative to it. */
export const ROOT: string = join(import.meta.dirname, '..');

/** Made by machines or by others: not ours to check, and nothing a document may link to. */
const FOREIGN = new Set(['node_modules', 'bench/node_modules', 'dist', 'coverage', '.git', 'docs/api']);

/** Every file of the repository under `folder`, sorted, with forward slashes. */
export function filesUnder(folder = ''): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (FOREIGN.has(path) || entry.name.startsWith('.tmp')) {
        return [];
      }
      return entry.isDirectory() ? filesUnder(path) : [path];
    })
    .sort();
}
