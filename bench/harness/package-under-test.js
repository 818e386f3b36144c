import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

// Every process of a run inherits it.
const VARIABLE = 'BENCH_PACKAGE_ROOT';

/**
 * Chooses the checkout whose built files are measured, for this process and those it starts.
 *
 * @param {string} root its folder
 * @throws {Error} where it is not built
 */
export function choosePackage(root) {
  const folder = resolve(root);
  if (!existsSync(join(folder, 'dist/esm/server/index.js'))) {
    throw new Error(`${folder} has no dist/: run npm run build there first.`);
  }
  process.env[VARIABLE] = folder;
}

/**
 * The file that a subpath of the package leads to.
 *
 * @param {'.' | 'server' | 'client' | 'shared' | 'cli'} subpath
 * @param {'esm' | 'cjs'} [build]
 * @returns {string} absolute path
 */
export function builtFile(subpath, build = 'esm') {
  const file = { '.': 'index.js', cli: 'cli/main.js' }[subpath] ?? `${subpath}/index.js`;
  return join(process.env[VARIABLE] ?? '', 'dist', build, file);
}

/**
 * Loads a subpath of the package, as built.
 *
 * @param {'.' | 'server' | 'client' | 'shared'} subpath
 * @returns {Promise<any>}
 */
export function loadBuilt(subpath) {
  return import(pathToFileURL(builtFile(subpath)).href);
}
