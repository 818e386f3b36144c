import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A gateway or service that runs. */
export interface Running {
  readonly url: string;
  /** What it has logged. */
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts test/rotation/<name>-process.ts and waits until it listens.
 *
 * @param env - what it follows
 */
export async function startProcess(
  name: 'gateway' | 'service',
  env: Readonly<Record<string, string | undefined>>,
): Promise<Running> {
  const child: ChildProcess = fork(join(import.meta.dirname, `${name}-process.ts`), {
    execArgv: ['--disable-warning=DEP0205', '--import', import.meta.resolve('ts-blank-space/register')],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += text.toString()));
  const port = await Promise.race([
    once(child, 'message').then(([message]) => message as number),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${name} ended with ${String(code)}\n${output}`);
    }),
  ]);
  return {
    url: `http://127.0.0.1:${port}`,
    output: () => output,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
