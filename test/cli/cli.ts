import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import winston from 'winston';
import type { ServerSignal } from '../../lib/cli/cli-io.js';
import { runCli } from '../../lib/cli/run-cli.js';
import { newSecret } from '../support/keys.js';

/** What a command did. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. */
export interface RunOptions {
  /** What is on standard input; by default nothing, as when it is closed. */
  readonly stdin?: string | Buffer | undefined;
  /** Whether a person sits before it. */
  readonly terminal?: boolean;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The mode of the file that standard output goes to. */
  readonly fileMode?: number;
  /** How large the terminal is. */
  readonly columns?: number;
  readonly rows?: number;
  /** Told of each piece that is written, as it is written. */
  readonly onWrite?: (text: string, stream: 'stdout' | 'stderr') => void;
  /** What the commands listen for to be interrupted. */
  readonly onInterrupt?: (listener: () => void) => () => void;
  /** What servers listen for. */
  readonly onSignal?: (listener: (signal: ServerSignal) => void) => void;
}

/** The command line in a directory of its own, with a secret in `JWT_SECRET_KEY`. */
export interface TestCli {
  readonly directory: string;
  readonly secret: string;
  run(args: readonly string[], options?: RunOptions): Promise<CliResult>;
  path(name: string): string;
  write(name: string, text: string | Buffer, mode?: number): string;
  read(name: string): string;
  mode(name: string): number;
  /** All that the commands wrote, whatever the file. */
  everything(): string;
  remove(): void;
}

/** Makes it. The commands run in this process. */
export function createTestCli(): TestCli {
  const directory = mkdtempSync(join(tmpdir(), 'service-auth-cli-'));
  const secret = newSecret();
  const path = (name: string): string => join(directory, name);
  return {
    directory,
    secret,
    async run(args, options = {}) {
      const {
        stdin = '',
        terminal = false,
        env = {},
        fileMode,
        columns,
        rows,
        onWrite,
        onInterrupt,
        onSignal,
      } = options;
      const written = { stdout: '', stderr: '' };
      const output = (name: keyof typeof written) => ({
        isTTY: terminal,
        columns,
        rows,
        write: (text: string) => {
          written[name] += text;
          onWrite?.(text, name);
        },
      });
      const code = await runCli(args, {
        stdin: Object.assign(stream(stdin), { isTTY: terminal }),
        stdout: { ...output('stdout'), fileMode },
        stderr: output('stderr'),
        env: { JWT_SECRET_KEY: secret, ...env },
        cwd: directory,
        onInterrupt,
        onSignal,
        logTransports: [new winston.transports.Stream({ stream: writableTo(output('stdout').write) })],
      });
      return { code, ...written };
    },
    path,
    write(name, text, mode = 0o600) {
      writeFileSync(path(name), text, { mode });
      return path(name);
    },
    read: (name) => readFileSync(path(name), 'utf8'),
    mode: (name) => statSync(path(name)).mode & 0o777,
    everything: () =>
      readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
        .join('\n'),
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function writableTo(write: (text: string) => void): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      write(chunk.toString());
      done();
    },
  });
}

async function* stream(text: string | Buffer): AsyncGenerator<string | Uint8Array> {
  // In pieces, as a pipe brings it.
  for (let i = 0; i < text.length; i += 60_000) yield await Promise.resolve(text.slice(i, i + 60_000));
}

/** The payload of a token, unverified. */
export function payloadOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()) as Record<string, unknown>;
}

/** The header of a token. */
export function headerOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString()) as Record<string, unknown>;
}
