import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A real nginx on a port of its own. */
export interface Nginx {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/**
 * Starts nginx, and waits until it accepts connections. Its files are in a folder that goes with it.
 *
 * @param program - its path, as `needsProgram` found it
 * @param server - what stands in its one `server { … }` beside `listen`; told the folder, where files may be written for it
 */
export async function startNginx(program: string, server: (folder: string) => string): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  const free = net.createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as net.AddressInfo;
  free.close();
  await once(free, 'close');
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 64; }
     http { ${temp.join(' ')} access_log off;
       server { listen 127.0.0.1:${port}; ${server(folder)} } }`,
  );
  const nginx: ChildProcess = spawn(program, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  // A test process that is ended in the middle leaves none behind.
  const end = (): void => void nginx.kill('SIGKILL');
  process.once('exit', end);
  const isRunning = (): boolean => nginx.exitCode === null && nginx.signalCode === null;
  const stop = async (): Promise<void> => {
    process.off('exit', end);
    if (isRunning()) {
      const gone = once(nginx, 'exit');
      nginx.kill('SIGTERM');
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  for (let i = 0; !(await accepts(port)); i++) {
    if (i > 1000 || !isRunning()) {
      await stop();
      throw new Error('nginx does not come up: is its configuration right, and was its port still free?');
    }
    await pause(30);
  }
  return { port, stop };
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket
      .on('connect', () => resolve(true))
      .on('error', () => resolve(false))
      .on('connect', () => socket.destroy());
  });
