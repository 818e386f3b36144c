import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { IDENTITY_HEADERS } from '../../../lib/shared/identity-headers.js';
import { createServiceToken } from '../../../lib/shared/token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { closeRig, identityLines, portOf, PREFIX, rig, type Rig, serve } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { needsProgram } from '../../support/needs-program.js';
import { bearerLine } from '../../support/proofs.js';

const secret = newSecret();
const token = createServiceToken('sales-service', { keys: secret });
const OF_SERVICE = [
  ...['x-gateway-assertion: …', 'x-request-id: req-1', 'x-service-name: sales-service'],
  ...['x-user-email: sales-service@internal.service', 'x-user-id: sales-service', 'x-user-role: admin'],
  'x-user-type: service',
];
const FORGED: readonly string[] = [...IDENTITY_HEADERS, 'x-gateway-assertion'].flatMap((name) => [
  `${name}: evil`,
  `${name.toUpperCase()}: evil`,
  `${name.replaceAll('-', '_')}: evil`,
  `${name.replaceAll('-', '.')}: evil`,
]);

/** A real nginx on a port of its own; its files are in a folder that goes with it. */
async function startNginx(
  program: string,
  port: number,
  underscores: 'on' | 'off',
): Promise<{ port: number; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  const free = net.createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const own = (free.address() as net.AddressInfo).port;
  free.close();
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 64; }
     http { ${temp.join(' ')} access_log off;
       server { listen 127.0.0.1:${own}; underscores_in_headers ${underscores}; ignore_invalid_headers ${underscores === 'on' ? 'off' : 'on'};
         location / { proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.1; proxy_set_header Connection ""; } } }`,
  );
  const nginx: ChildProcess = spawn(program, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  for (let i = 0; i < 100 && !(await accepts(own)); i++) await pause(30);
  return {
    port: own,
    async stop() {
      const gone = once(nginx, 'exit');
      nginx.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true });
    },
  };
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket
      .on('connect', () => resolve(true))
      .on('error', () => resolve(false))
      .on('connect', () => socket.destroy());
  });

function ask(port: number, lines: readonly string[], path = `${PREFIX}/7`): Promise<number> {
  return new Promise((resolve) => {
    let text = '';
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write(
        [`GET ${path} HTTP/1.1`, 'Host: shop', 'Connection: close', 'X-Request-Id: req-1', ...lines, '', ''].join(
          '\r\n',
        ),
      );
    });
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(Number(text.split(' ')[1] ?? 0)));
  });
}

// G1, G3, G6: what another proxy lets through, joins or renames before we see it.
for (const { name, express } of EXPRESS_VERSIONS) {
  for (const underscores of ['on', 'off'] as const) {
    describe(`gateway, ${name}: behind nginx with underscores_in_headers ${underscores}`, function () {
      this.timeout(20_000);
      let nginx: Awaited<ReturnType<typeof startNginx>>;
      let gateway: Rig;

      beforeEach(async function () {
        const program = needsProgram(this, 'nginx');
        gateway = await rig(express, { keys: secret, options: { public: [`GET ${PREFIX}/health`] } });
        nginx = await startNginx(program, portOf(await serve(gateway.app)), underscores);
      });
      afterEach(async () => {
        await (nginx as typeof nginx | undefined)?.stop();
        await closeRig();
      });
      const told = (): readonly string[] => identityLines(gateway.upstream.seen.at(-1)!.rawHeaders);

      it('tells a service who holds the token', async () => {
        expect(await ask(nginx.port, [bearerLine(token)])).to.equal(200);
        expect(told()).to.deep.equal(OF_SERVICE);
      });

      it('tells it nothing else, whatever the client sends beside the token', async () => {
        for (const line of FORGED) {
          const seen = gateway.upstream.seen.length;
          expect(await ask(nginx.port, [line, bearerLine(token)]), line).to.equal(200);
          expect(gateway.upstream.seen.length).to.equal(seen + 1);
          expect(told(), line).to.deep.equal(OF_SERVICE);
        }
        expect(await ask(nginx.port, [...FORGED, bearerLine(token)])).to.equal(200);
        expect(told()).to.deep.equal(OF_SERVICE);
        expect(await ask(nginx.port, ['Connection: x-user-id, x-user-type', bearerLine(token)])).to.equal(200);
        expect(told()).to.deep.equal(OF_SERVICE);
      });

      it('lets nobody in without a token, and tells nothing of them on a public entry', async () => {
        expect(await ask(nginx.port, FORGED)).to.equal(401);
        expect(gateway.upstream.seen).to.deep.equal([]);
        expect(await ask(nginx.port, FORGED, `${PREFIX}/health`)).to.equal(200);
        expect(told()).to.deep.equal(['x-request-id: req-1']);
      });
    });
  }
}
