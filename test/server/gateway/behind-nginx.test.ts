import net from 'node:net';
import { expect } from 'chai';
import { IDENTITY_HEADERS } from '../../../lib/shared/identity-headers.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { closeRig, identityLines, portOf, PREFIX, rig, type Rig, serve } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { needsProgram } from '../../support/needs-program.js';
import { type Nginx, startNginx } from '../../support/nginx.js';
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

function configuration(port: number, underscores: 'on' | 'off'): string {
  return `underscores_in_headers ${underscores}; ignore_invalid_headers ${underscores === 'on' ? 'off' : 'on'};
    location / { proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.1; proxy_set_header Connection ""; }`;
}

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
      let nginx: Nginx;
      let gateway: Rig;

      beforeEach(async function () {
        const program = needsProgram(this, 'nginx');
        gateway = await rig(express, { keys: secret, options: { public: [`GET ${PREFIX}/health`] } });
        const port = portOf(await serve(gateway.app));
        nginx = await startNginx(program, () => configuration(port, underscores));
      });
      afterEach(async () => {
        await (nginx as Nginx | undefined)?.stop();
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
