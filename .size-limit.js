import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A built file and all of ours that it imports at once; what it imports later, when it is needed, is not in it. */
function loadedWith(file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(/^(?:import|\}) (?:.*from )?"(\.[^"]+)";$/gm);
  for (const [, path] of imports) loadedWith(join(file, '..', path), seen);
  return seen;
}

const half = (name, limit) => ({ name, path: [...loadedWith(`dist/esm/${name}/index.js`)], limit });

export default [half('server', '62 kB'), half('client', '61 kB'), half('shared', '31 kB')];
