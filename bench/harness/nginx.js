import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startForeign } from './foreign-server.js';
import { freePort } from './free-port.js';

/** @returns {boolean} whether nginx is installed */
export function hasNginx() {
  return spawnSync('nginx', ['-v']).error === undefined;
}

/**
 * Starts an nginx with one worker, no log, and connections that are kept.
 *
 * @param {number} core
 * @param {string} http what stands beside that in its http block; `PORT` is where it listens
 * @returns {Promise<import('./foreign-server.js').ForeignServer>}
 */
export async function startNginx(core, http) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (of) => `${of}_temp_path ${folder}/${of};`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; ${temporary.join(' ')}
  ${http.replaceAll('PORT', String(port))}
}
`,
  );
  const command = ['nginx', '-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')];
  const server = await startForeign(command, port, core);
  return {
    ...server,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** An nginx that answers by itself. `/…/seen` tells which user it was told of. @param {number} core */
export function startUpstream(core) {
  return startNginx(
    core,
    `server {
    listen 127.0.0.1:PORT; default_type application/json;
    location ~ /seen$ { return 200 '{"user":"$http_x_user_id"}'; }
    location / { return 200 '{"ok":true,"orders":[1,2,3]}'; }
  }`,
  );
}

/** An nginx that forwards to another server over kept connections. @param {number} core @param {number} to its port */
export function startProxyingNginx(core, to) {
  return startNginx(
    core,
    `upstream orders { server 127.0.0.1:${to}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:PORT;
    location / { proxy_pass http://orders; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }`,
  );
}
