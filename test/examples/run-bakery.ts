import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/files.js';

/** What a run of the example has said, so far or in all. */
export interface Run {
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** Examples import the package by its name, and so need it built. */
export function buildIfMissing(): void {
  if (existsSync(join(ROOT, 'dist/esm/index.js'))) return;
  const { status, stdout } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm run build failed\n${stdout}`);
}

/** A folder for the logs of the runs, and the way to be rid of it. */
export function logFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'bakery-test-'));
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Starts examples/bakery/main.ts as `npm start` does, in a shell whose settings must not matter to it. */
export function startBakery(args: readonly string[], tmp: string): Run {
  // The loader's own deprecation warning, on Node 26.
  const node = ['--disable-warning=DEP0205', '--import', 'ts-blank-space/register'];
  const child = spawn(process.execPath, [...node, 'examples/bakery/main.ts', ...args], {
    cwd: ROOT,
    env: {
      ...process.env,
      TMPDIR: tmp,
      JWT_SECRET_KEY: 'changeme',
      JWT_ALGORITHM: 'none',
      SERVICE_NAME: 'Not A Name!',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => (code ?? signal) as number | string);
  const run: Run = { child, stdout: '', stderr: '', ended };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    run.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    run.stderr += text;
  });
  return run;
}

/** Waits until a run has printed `text`; fails where it ends before. */
export async function printed(run: Run, text: string): Promise<void> {
  let result: number | string | undefined;
  void run.ended.then((value) => {
    result = value;
  });
  while (!run.stdout.includes(text)) {
    if (result !== undefined) throw new Error(`ended with ${result} before it printed '${text}'\n${run.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
