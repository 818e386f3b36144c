import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { newSecret } from '../../support/keys.js';
import { eventually } from '../../support/redis-rig.js';
import { createTestCli, type TestCli } from '../cli.js';
import { SOURCE_PROGRAM } from '../programs.js';

/** One line of the gateway's log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** The gateway in a process of its own. */
export interface GatewayProcess {
  readonly port: number;
  readonly lines: () => readonly LogLine[];
  /** Waits for the nth line with this message; the first one unless told. */
  readonly told: (message: string, nth?: number) => Promise<LogLine>;
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly stderr: () => string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** A directory with keys, and processes that are ended with it. */
export interface GatewayRig {
  readonly cli: TestCli;
  readonly secret: string;
  /** `Bearer …` of sales-service. */
  readonly bearer: string;
  readonly start: (args: readonly string[], env?: Readonly<Record<string, string>>) => GatewayStart;
  readonly end: () => Promise<void>;
}

export interface GatewayStart extends Omit<GatewayProcess, 'port'> {
  readonly child: ChildProcess;
  /** Waits until it listens. */
  readonly listening: () => Promise<GatewayProcess>;
}

export function createGatewayRig(): GatewayRig {
  const cli = createTestCli();
  const secret = newSecret();
  cli.write('keys.json', JSON.stringify({ current: secret }));
  const children: GatewayStart[] = [];
  return {
    cli,
    secret,
    bearer: `Bearer ${createServiceToken('sales-service', { keys: secret })}`,
    start(args, env = {}) {
      const started = startGateway(cli.directory, args, env);
      children.push(started);
      return started;
    },
    async end() {
      for (const { child, ended } of children) {
        child.kill('SIGKILL');
        await ended;
      }
      cli.remove();
    },
  };
}

function startGateway(cwd: string, args: readonly string[], env: Readonly<Record<string, string>>): GatewayStart {
  const child = spawn(process.execPath, [...SOURCE_PROGRAM.args, 'gateway', ...args], {
    cwd,
    env: { ...process.env, LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (piece: Buffer) => (text[name] += piece.toString()));
  }
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  const lines = (): readonly LogLine[] =>
    text.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine);
  const told = async (message: string, nth = 1): Promise<LogLine> => {
    const found = (): LogLine | undefined => lines().filter((line) => line.message === message)[nth - 1];
    // A start may take longer than what others wait for: on a slow machine, with all the sources to read.
    while (lines().length === 0 && !hasEnded) await new Promise((resolve) => setTimeout(resolve, 20));
    await eventually(() => found() !== undefined || hasEnded);
    const line = found();
    if (line === undefined) throw new Error(`ended before it told '${message}': ${text.stdout}${text.stderr}`);
    return line;
  };
  const started = {
    lines,
    told,
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    stderr: () => text.stderr,
    ended,
  };
  return {
    ...started,
    child,
    listening: async () => ({ ...started, port: Number((await told('Gateway listening'))['port']) }),
  };
}

/** What came of a request: its status and whole body, or the code of its error. */
export interface Answered {
  readonly status?: number;
  readonly body?: string;
  readonly headers?: http.IncomingHttpHeaders;
  readonly error?: string;
}

/** Sends a request, on a connection of its own where no agent is given, and reads its answer to the end. */
export function ask(options: http.RequestOptions, body?: string): Promise<Answered> {
  return new Promise((resolve) => {
    const request = http.request({ host: '127.0.0.1', agent: false, ...options }, (res) => {
      let text = '';
      res.on('data', (piece: Buffer) => (text += piece.toString()));
      res.on('close', () => {
        if (res.complete) resolve({ status: res.statusCode as number, body: text, headers: res.headers });
        else resolve({ error: 'INCOMPLETE' });
      });
      res.on('error', () => undefined);
    });
    request.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      resolve({ error: code ?? message });
    });
    request.end(body);
  });
}
