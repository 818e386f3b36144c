/** Builds dist/esm and dist/cjs beside the old ones and then swaps them, so that a failed build leaves the last good one. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';

process.chdir(new URL('..', import.meta.url).pathname);

const TSC = 'node_modules/typescript/bin/tsc';
// As deep as dist, so that the paths in the source maps hold after the swap.
const fresh = `.tmp-dist-${String(process.pid)}`;

async function compile(project: string, outDir: string): Promise<boolean> {
  const compiler = spawn(process.execPath, [TSC, '--project', project, '--outDir', outDir], { stdio: 'inherit' });
  const [code] = (await once(compiler, 'exit')) as [number | null];
  return code === 0;
}

try {
  const built = await Promise.all([
    compile('tsconfig.build.json', `${fresh}/esm`),
    compile('tsconfig.cjs.json', `${fresh}/cjs`),
  ]);
  if (built.includes(false)) {
    process.exitCode = 1;
  } else {
    mkdirSync(`${fresh}/cjs`, { recursive: true });
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
