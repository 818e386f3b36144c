import type { ServerSignal } from '../../../lib/cli/cli-io.js';
import { eventually } from '../../support/redis-rig.js';
import type { CliResult, TestCli } from '../cli.js';
import type { LogLine } from './gateway-process.js';

/** The gateway, as a command that runs in this process. */
export interface GatewayHere {
  readonly lines: () => readonly LogLine[];
  /** Waits for the nth line with this message; the first one unless told. */
  readonly told: (message: string, nth?: number) => Promise<LogLine>;
  /** The port, once it listens. */
  readonly port: () => Promise<number>;
  /** Waits until it obeys signals: it has read its configuration, and listens. */
  readonly obeys: () => Promise<void>;
  readonly signal: (signal: ServerSignal) => void;
  readonly ended: Promise<CliResult>;
  /** Ends it at once, if it has not ended. */
  readonly end: () => Promise<void>;
}

/** Starts it. */
export function startHere(
  cli: TestCli,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): GatewayHere {
  let written = '';
  let hasEnded = false;
  let listener: ((signal: ServerSignal) => void) | undefined;
  const ended = cli.run(['gateway', ...args], {
    env: { LOG_LEVEL: 'info', JWT_SECRET_KEY: undefined, ...env },
    onWrite: (text, stream) => {
      if (stream === 'stdout') written += text;
    },
    onSignal: (given) => {
      listener = given;
    },
  });
  void ended.then(() => (hasEnded = true));
  const lines = (): readonly LogLine[] =>
    written
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine);
  const told = async (message: string, nth = 1): Promise<LogLine> => {
    const found = (): LogLine | undefined => lines().filter((line) => line.message === message)[nth - 1];
    await eventually(() => found() !== undefined || hasEnded);
    const line = found();
    if (line === undefined) throw new Error(`ended before it told '${message}': ${JSON.stringify(await ended)}`);
    return line;
  };
  const obeys = (): Promise<void> => eventually(() => listener !== undefined || hasEnded);
  return {
    lines,
    told,
    port: async () => Number((await told('Gateway listening'))['port']),
    obeys,
    signal: (signal) => listener?.(signal),
    ended,
    async end() {
      await obeys();
      while (!hasEnded) {
        listener?.('SIGTERM');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}
