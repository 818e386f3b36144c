import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** A real Redis that keeps nothing on disk, and ends with the process that started it. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Sends it a signal: SIGKILL ends it, SIGSTOP makes it silent until SIGCONT. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again on its port after it was ended, empty. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts redis-server on a free port of loopback, and waits until it answers.
 *
 * @param program - its path, as `needsProgram` found it
 * @param args - more of its settings, such as `--requirepass`
 */
export async function startRedis(program: string, args: readonly string[] = []): Promise<RedisServer> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'service-auth-redis-'));
  let server: ChildProcess;
  const start = async (): Promise<void> => {
    const settings = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory, ...args];
    server = spawn(program, ['--port', String(port), ...settings], { stdio: 'ignore' });
    await answers(server, port);
  };
  const isRunning = (): boolean => isAlive(server);
  // A test process that is ended in the middle leaves none behind.
  const end = (): void => void server.kill('SIGKILL');
  process.once('exit', end);
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    async kill(signal) {
      server.kill(signal);
      if (signal === 'SIGKILL' && isRunning()) await once(server, 'exit');
    },
    restart: start,
    async stop() {
      process.off('exit', end);
      if (isRunning()) {
        server.kill('SIGKILL');
        await once(server, 'exit');
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function answers(server: ChildProcess, port: number): Promise<void> {
  for (let i = 0; i < 400 && isAlive(server); i++) {
    const socket = connect(port, '127.0.0.1');
    try {
      socket.write('PING\r\n');
      const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(5000) })) as [Buffer];
      // With --requirepass it answers too.
      if (/^(\+PONG|-NOAUTH)/.test(answer.toString())) return;
    } catch {
      // Not yet.
    } finally {
      socket.destroy();
    }
    await wait(25);
  }
  throw new Error(`redis-server does not answer on port ${port}`);
}
