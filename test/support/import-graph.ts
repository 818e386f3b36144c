import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The file or package of an import or export that is done when the file is loaded: no types, no `import()`. */
const LOADED = /^(?:import|export)\s+(?!type\b)(?:[\w\s{},*$]+?\sfrom\s+)?'([^']+)';/gm;

/** What a source file loads, and what that loads, and so on. */
export interface ImportGraph {
  /** The source files, the first one included. */
  readonly files: ReadonlySet<string>;
  /** The way to each package that is loaded, from the first file to the one that names it. */
  readonly packages: ReadonlyMap<string, readonly string[]>;
}

/**
 * Follows the static imports of a source file.
 *
 * @param entry - its path
 * @throws Error where a file is imported that is not there
 */
export function importGraphOf(entry: string): ImportGraph {
  const files = new Set<string>();
  const packages = new Map<string, readonly string[]>();
  const follow = (file: string, way: readonly string[]): void => {
    if (files.has(file)) return;
    files.add(file);
    const here = [...way, file];
    for (const specifier of loadedBy(readFileSync(file, 'utf8'))) {
      if (specifier.startsWith('.')) {
        const target = join(dirname(file), specifier).replace(/\.js$/, '.ts');
        if (!existsSync(target)) throw new Error(`${file} imports ${specifier}, which is not there`);
        follow(target, here);
      } else if (!specifier.startsWith('node:')) {
        const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
        if (!packages.has(name)) packages.set(name, here);
      }
    }
  };
  follow(entry, []);
  return { files, packages };
}

/** The specifiers that a source text loads at once. */
export function loadedBy(source: string): readonly string[] {
  return [...source.matchAll(LOADED)].flatMap(([, specifier]) => specifier ?? []);
}
