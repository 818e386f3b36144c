import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import { ROOT } from '../../files.js';
import { createStandIns } from '../recording-stand-ins.js';

const KEY_FILE = 'keys.json';
const TOKEN_FILE = 'orchestrator.token';
const TOLERANCE = 'more than 5 s';
const NO_SPACE = '\0';

/** Where one trouble is made, recorded and ended: keys, a token and servers of its own. */
export interface Scene {
  /** The secret in the key file of the command line. */
  readonly secret: string;
  /** Makes the token of the command line another: with these claims changed. */
  changeToken(changes: Readonly<Record<string, unknown>>): void;
  /**
   * Serves on a free port.
   *
   * @param shownPort - what stands for it in the recording
   * @returns its origin
   */
  serve(listener: RequestListener, shownPort: number): Promise<string>;
  /** Finds a port on which nobody listens. @returns its origin */
  nobody(shownPort: number): Promise<string>;
  /** Has something done when it is over; the last first. */
  onEnd(end: () => unknown): void;
  /** Runs a command. @returns what a terminal would show of it, with stand-ins for what differs each time */
  record(command: string): Promise<string>;
  end(): Promise<void>;
}

/** The files that every scene begins with: those that the recordings of docs/cli.md have too. */
export interface SceneFiles {
  readonly directory: string;
  readonly token: string;
  readonly secret: string;
  remove(): void;
}

/** Makes the files by the commands that an operator would use. */
export async function createSceneFiles(): Promise<SceneFiles> {
  const directory = newDirectory();
  await run(directory, 'service-auth keys rotate');
  const token = (await run(directory, 'service-auth generate tenant-deletion-orchestrator --days 20')).stdout.trim();
  writeFileSync(join(directory, TOKEN_FILE), token, { mode: 0o600 });
  const { current } = JSON.parse(readFileSync(join(directory, KEY_FILE), 'utf8')) as { readonly current: Key };
  return {
    directory,
    token,
    secret: current.key,
    remove() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface Key {
  readonly key: string;
}

function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'service-auth-troubles-'));
}

/** Makes a scene, with files of its own. */
export function createScene({ directory: origin, token, secret }: SceneFiles): Scene {
  const directory = newDirectory();
  cpSync(origin, directory, { recursive: true });
  const ends: (() => unknown)[] = [
    () => {
      rmSync(directory, { recursive: true, force: true });
    },
  ];
  const shown = new Map<number, number>();
  const serve = async (listener: RequestListener, shownPort: number): Promise<string> => {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    shown.set(port, shownPort);
    ends.push(async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    });
    return `http://127.0.0.1:${String(port)}`;
  };
  const withShownPorts = (text: string): string =>
    text.replaceAll(/(?<=:)\d{4,5}\b/g, (digits) => String(shown.get(Number(digits)) ?? digits));

  return {
    secret,
    serve,
    changeToken(changes) {
      const { header, payload } = jwt.decode(token, { complete: true }) as jwt.Jwt;
      const other = jwt.sign({ ...(payload as jwt.JwtPayload), ...changes }, secret, { header });
      writeFileSync(join(directory, TOKEN_FILE), other);
    },
    async nobody(shownPort) {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      server.close();
      await once(server, 'close');
      shown.set(port, shownPort);
      return `http://127.0.0.1:${String(port)}`;
    },
    onEnd: (end) => void ends.push(end),
    async record(command) {
      const { stdout, stderr, code } = await run(directory, command);
      // The clock tolerance is no time that was measured.
      const written = (stdout + stderr).trimEnd().replaceAll(TOLERANCE, TOLERANCE.replaceAll(' ', NO_SPACE));
      const output = createStandIns(directory).apply(written).replaceAll(NO_SPACE, ' ');
      return withShownPorts(`$ ${command}\n${output}${code === 0 ? '' : `\n(exit code ${String(code)})`}`);
    },
    async end() {
      for (const end of ends.splice(0).reverse()) await end();
    },
  };
}

/** Runs the built command line in an environment that has nothing of this machine's settings. */
async function run(
  directory: string,
  command: string,
): Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number }> {
  const [, ...args] = command.split(' ');
  const child = spawn(process.execPath, [join(ROOT, 'dist/esm/cli/main.js'), ...args], {
    cwd: directory,
    env: { PATH: process.env['PATH'], JWT_KEYS_FILE: KEY_FILE, SERVICE_TOKEN_FILE: TOKEN_FILE },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (piece: string) => {
      written[name] += piece;
    });
  }
  const [code] = (await once(child, 'close')) as [number];
  return { ...written, code };
}
