import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { CliResult } from '../../cli.js';
import { SOURCE_PROGRAM } from '../../programs.js';
import { clockOfProcess } from './clock-of-process.js';
import type { Call } from './fault.js';
import type { Stage } from './stage.js';

/** Runs a command as a fault's call says, in this process where that will do. */
export async function runCall(
  stage: Stage,
  command: string,
  call: Call,
  ...more: readonly string[]
): Promise<CliResult> {
  const args = [command, ...call.args, ...more];
  if (call.clockAheadSeconds === undefined) {
    return await stage.cli.run(args, { env: call.env ?? {} });
  }
  return await runProcess(stage, args, call, call.clockAheadSeconds);
}

/** The servers of the stage go by the clock of this process. */
async function runProcess(stage: Stage, args: readonly string[], call: Call, aheadSeconds: number): Promise<CliResult> {
  const child = spawn(process.execPath, [...clockOfProcess(aheadSeconds), ...SOURCE_PROGRAM.args, ...args], {
    cwd: stage.cli.directory,
    env: {
      ...process.env,
      JWT_SECRET_KEY: stage.secret,
      ...call.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  stage.onEnd(() => child.kill('SIGKILL'));
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (piece: string) => (written[name] += piece));
  }
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...written };
}
