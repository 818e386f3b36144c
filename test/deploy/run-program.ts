import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { ROOT } from '../../scripts/files.js';

/** Long enough for a machine that has a lot to do. */
const LIMIT_MS = 60_000;

/** A program of examples/kubernetes that runs. */
export interface Program {
  readonly child: ChildProcess;
  /** What it has printed so far, on stdout and stderr. */
  readonly output: () => string;
  /** Its log lines so far. */
  readonly lines: () => readonly Readonly<Record<string, unknown>>[];
  /** Resolves with the first line of that message, and of those fields; fails where the program ends before. */
  readonly logged: (
    message: string,
    matches?: (line: Readonly<Record<string, unknown>>) => boolean,
  ) => Promise<Readonly<Record<string, unknown>>>;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/**
 * Starts examples/kubernetes/<name>.ts.
 *
 * @param env - its whole environment, beside what Node needs
 */
export function startProgram(name: string, env: Readonly<Record<string, string>>): Program {
  const node = ['--disable-warning=DEP0205', '--import', 'ts-blank-space/register'];
  const child = spawn(process.execPath, [...node, `examples/kubernetes/${name}.ts`], {
    cwd: ROOT,
    // NODE_V8_COVERAGE: what measures coverage asks for it.
    env: {
      PATH: process.env['PATH'],
      NODE_V8_COVERAGE: process.env['NODE_V8_COVERAGE'],
      LOG_LEVEL: 'info',
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  let result: number | string | undefined;
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => {
    result = (code ?? signal) as number | string;
    return result;
  });

  const lines: Program['lines'] = () =>
    output
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);

  return {
    child,
    output: () => output,
    lines,
    logged: async (message, matches = () => true) => {
      const until = performance.now() + LIMIT_MS;
      for (;;) {
        const found = lines().find((line) => line['message'] === message && matches(line));
        if (found !== undefined) return found;
        if (result !== undefined) throw new Error(`${name} ended with ${result} before '${message}'\n${output}`);
        if (performance.now() > until) throw new Error(`${name} has not said '${message}'\n${output}`);
        await wait(25);
      }
    },
    ended,
  };
}

/** The address of a program that listens. */
export async function addressOf(program: Program): Promise<string> {
  const { port } = await program.logged('Listening');
  return `http://127.0.0.1:${String(port)}`;
}

/** Asks again and again until the answer is as wanted; returns the last one. */
export async function eventually<Answer>(
  ask: () => Promise<Answer>,
  isWanted: (answer: Answer) => boolean,
): Promise<Answer> {
  const until = performance.now() + LIMIT_MS;
  for (;;) {
    const answer = await ask();
    if (isWanted(answer) || performance.now() > until) return answer;
    await wait(50);
  }
}
