import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'chai';

/** A gateway or service that runs. */
export interface Running {
  readonly url: string;
  /** All that it has written, to either stream. */
  readonly output: () => string;
  /** The lines that it has logged whose message begins so. */
  readonly lines: (message: string) => readonly LoggedLine[];
  readonly stop: () => Promise<void>;
}

/** A line of the package's own logger. */
export type LoggedLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly message: string };

/** How long a process may take to end when it is asked to. */
const END_MS = 5000;

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
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  try {
    const port = await Promise.race([
      once(child, 'message', { signal: AbortSignal.timeout(60_000) }).then(([message]) => message as number),
      once(child, 'exit').then(([code]) => {
        throw new Error(`${name} ended with ${String(code)}\n${output}`);
      }),
    ]);
    return {
      url: `http://127.0.0.1:${port}`,
      output: () => output,
      lines: (message) => linesWith(message, output),
      stop: () => end(child),
    };
  } catch (error) {
    await end(child);
    throw error;
  }
}

/** Says goodbye, so that what it covered is written down, and ends it where that does not help. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const hasEnded = once(child, 'exit');
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await hasEnded;
  clearTimeout(timer);
}

function linesWith(message: string, output: string): readonly LoggedLine[] {
  return (
    output
      .split('\n')
      // The last one may not be all there yet.
      .filter((line) => line.startsWith('{') && line.endsWith('}') && line.includes(message))
      .map((line) => JSON.parse(line) as LoggedLine)
      .filter((line) => line.message.startsWith(message))
  );
}

/**
 * Fails where a text holds a piece of 20 characters of a secret: each such piece holds one of those 10 characters that begin at a multiple
 * of 10.
 */
export function expectNoPieceOfAny(secrets: Iterable<string>, text: string): void {
  const found = [...secrets].filter((secret) => {
    for (let i = 0; i + 10 <= secret.length; i += 10) if (text.includes(secret.slice(i, i + 10))) return true;
    return false;
  });
  // Not the secrets themselves, even of a test.
  expect(found.length, 'secrets of which a piece was written').to.equal(0);
}
