/** Builds dist/esm and dist/cjs beside the old ones and then swaps them, so that a failed build leaves the last good one. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { build } from 'esbuild';

process.chdir(new URL('..', import.meta.url).pathname);

const TSC = 'node_modules/typescript/bin/tsc';
/** What package.json leads to. */
const ENTRIES = ['index', 'server/index', 'client/index', 'shared/index', 'cli/main'];
// As deep as dist, so that the paths in the source maps hold after the swap.
const fresh = `.tmp-dist-${String(process.pid)}`;

async function compile(project: string, outDir: string, ...options: string[]): Promise<boolean> {
  const args = [TSC, '--project', project, '--outDir', outDir, ...options];
  const compiler = spawn(process.execPath, args, { stdio: 'inherit' });
  const [code] = (await once(compiler, 'exit')) as [number | null];
  return code === 0;
}

/**
 * A file for each entry, and in chunks/ what several of them use or what is loaded when it is needed: Node takes
 * about a millisecond for every file that it imports.
 */
async function bundle(outdir: string): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: ENTRIES.map((entry) => `lib/${entry}.ts`),
    outbase: 'lib',
    outdir,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    tsconfig: 'tsconfig.build.json',
    sourcemap: true,
    // The package brings lib.
    sourcesContent: false,
    write: false,
  });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, nameClasses(text));
  }
}

/**
 * Where a class speaks of itself, esbuild writes `var Name = class _Name`, and `_Name` is what logs and debuggers would say.
 * Its own keepNames would name every function too, those that are made for each request among them.
 */
function nameClasses(code: string): string {
  return code.replaceAll(
    /^var (\w+) = class _\1 .*\{$/gm,
    '$& static { Object.defineProperty(this, "name", { value: "$1", configurable: true }); }',
  );
}

try {
  const built = await Promise.all([
    compile('tsconfig.build.json', `${fresh}/esm`, '--emitDeclarationOnly', '--sourceMap', 'false'),
    compile('tsconfig.cjs.json', `${fresh}/cjs`),
  ]);
  if (built.includes(false)) {
    process.exitCode = 1;
  } else {
    await bundle(`${fresh}/esm`);
    writeFileSync(
      `${fresh}/cjs/package.json`,
      `${JSON.stringify({ type: 'commonjs', sideEffects: false }, null, 2)}\n`,
    );
    // The shell runs it by its first line, as npm makes sure of where the package is installed.
    chmodSync(`${fresh}/esm/cli/main.js`, 0o755);
    rmSync('dist', { recursive: true, force: true });
    renameSync(fresh, 'dist');
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
