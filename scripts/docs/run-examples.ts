import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ROOT, filesUnder } from '../files.js';
import { FOREIGN_SETTINGS } from '../../test/support/environment.js';

const LIMIT_MS = 60_000;

/** Every examples/*.ts and examples/<folder>/main.ts ends by itself with exit code 0 and leaves nothing running. */
export async function runExamples(): Promise<string[]> {
  const errors: string[] = [];
  for (const file of filesUnder('examples').filter((path) =>
    /^examples\/(?:[^/]+|[^/]+\/main)\.[cm]?[jt]s$/.test(path),
  )) {
    const problem = await run(file);
    if (problem !== undefined) {
      errors.push(`${file}: ${problem}`);
    }
  }
  return errors;
}

async function run(file: string): Promise<string | undefined> {
  const env = { ...process.env };
  for (const name of FOREIGN_SETTINGS) {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a copy, and the names are our own constants
    delete env[name];
  }
  // A process group of its own, so that whatever it starts can be found and ended.
  const child = spawn(process.execPath, ['--import', 'ts-blank-space/register', file], {
    cwd: ROOT,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const interrupted = (): void => {
    endGroup(child.pid);
    process.exit(1);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const timer = setTimeout(() => endGroup(child.pid), LIMIT_MS);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  // 'exit' may come before the last of the output; a process left behind would hold the pipes open for ever.
  await new Promise((resolve) => setImmediate(resolve));
  const leftRunning = endGroup(child.pid);
  if (code === 0 && !leftRunning) {
    return undefined;
  }
  const problem =
    signal === 'SIGKILL'
      ? `did not end within ${String(LIMIT_MS / 1000)} s`
      : code === 0
        ? 'left a process running'
        : `exit code ${String(code ?? signal)}`;
  return `${problem}\n${output.trimEnd()}`;
}

/** Ends what is left of a process group; was there anything? */
function endGroup(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(-pid, 'SIGKILL');
  } catch {
    return false;
  }
}
