import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import https from 'node:https';
import { expect } from 'chai';
import { closeRig, upstreamOf } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { needsProgram } from '../../support/needs-program.js';
import { mountSecret } from '../../support/mounted-secret.js';
import { eventually } from '../../support/redis-rig.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { makeCertificate } from './certificates.js';
import { ask, createGatewayRig, type GatewayRig } from './gateway-process.js';

describe('service-auth gateway as a process', function () {
  this.timeout(180_000);
  let rig: GatewayRig;
  let redis: RedisServer | undefined;
  let route: string;
  beforeEach(async () => {
    rig = createGatewayRig();
    const { url } = await upstreamOf();
    route = `routes: { /api/v1/orders: { url: '${url}', service: orders-service } }`;
  });
  afterEach(async () => {
    await rig.end();
    await redis?.stop();
    redis = undefined;
    await closeRig();
  });

  const textWith = (...lines: readonly string[]): string =>
    ['listen: { host: 127.0.0.1, port: 0 }', 'keys: { file: keys.json }', route, ...lines, ''].join('\n');
  const FAST = 'drain: { delayMs: 0, idleMs: 0 }';

  it('reloads on SIGHUP, drains on SIGTERM, and ends with code 0', async () => {
    rig.cli.write('gateway.yaml', textWith(FAST));
    const gateway = await rig.start(['--config', 'gateway.yaml']).listening();
    const request = { port: gateway.port, path: '/api/v1/orders' };
    expect((await ask(request)).status).to.equal(401);
    rig.cli.write('gateway.yaml', textWith(FAST, 'public: [GET /api/v1/orders]'));
    gateway.signal('SIGHUP');
    gateway.signal('SIGHUP');
    await gateway.told('Configuration reloaded');
    expect((await ask(request)).status).to.equal(200);
    gateway.signal('SIGTERM');
    expect(await gateway.ended).to.equal(0);
    expect(gateway.lines().at(-1)).to.include({ message: 'Gateway ended' });
    expect(gateway.stderr()).to.equal('');
  });

  it('ends at once when a second signal comes, but not when the same one comes twice by way of npx', async () => {
    rig.cli.write('gateway.yaml', textWith('drain: { delayMs: 600000 }'));
    const gateway = await rig.start(['--config', 'gateway.yaml']).listening();
    gateway.signal('SIGINT');
    gateway.signal('SIGINT');
    await gateway.told('Draining; a second signal ends at once');
    expect((await ask({ port: gateway.port, path: '/readyz' })).body).to.equal('draining\n');
    // What comes later than npx would send it is a second time.
    await new Promise((resolve) => setTimeout(resolve, 500));
    gateway.signal('SIGTERM');
    expect(await gateway.ended).to.equal(0);
  });

  it('keeps what it has while the file is broken, without a signal too', async () => {
    rig.cli.write('gateway.yaml', textWith(FAST));
    const gateway = await rig.start(['--config', 'gateway.yaml']).listening();
    rig.cli.write('gateway.yaml', textWith(FAST, 'public: [orders]'));
    const { problems } = await gateway.told('Configuration is wrong; the one in force stays');
    expect(problems).to.match(/^gateway\.yaml:5:10 public\[0\] holds an entry that is not a method/);
    const request = { port: gateway.port, path: '/api/v1/orders', headers: { authorization: rig.bearer } };
    expect((await ask(request)).status).to.equal(200);
    rig.cli.write('gateway.yaml', textWith(FAST, 'public: [GET /api/v1/orders]'));
    await gateway.told('Configuration reloaded');
    expect((await ask({ ...request, headers: {} })).status).to.equal(200);
  });

  it('follows a mounted directory with its configuration and keys', async () => {
    const files = (secret: string, ...lines: readonly string[]) => ({
      'gateway.yaml': textWith(FAST, ...lines),
      'keys.json': JSON.stringify({ current: secret, previous: [rig.secret] }),
    });
    const mount = mountSecret(rig.cli.directory, files(newSecret()));
    const gateway = await rig.start(['--config', join(mount.path, 'gateway.yaml')]).listening();
    const request = { port: gateway.port, path: '/api/v1/orders' };
    expect((await ask(request)).status).to.equal(401);
    mount.write(files(newSecret(), 'public: [GET /api/v1/orders]'));
    await gateway.told('Configuration reloaded');
    await gateway.told('Key ring changed');
    expect((await ask(request)).status).to.equal(200);
    expect(
      (await ask({ ...request, path: '/api/v1/orders/7', headers: { authorization: rig.bearer } })).status,
    ).to.equal(200);
  });

  it('serves TLS, and takes a new certificate without losing a connection', async function () {
    needsProgram(this, 'openssl');
    mkdirSync(rig.cli.path('made'));
    const files = (name: string) => {
      const { cert, key } = makeCertificate(rig.cli.path('made'), name);
      return { 'tls.crt': cert, 'tls.key': key };
    };
    const mount = mountSecret(rig.cli.directory, files('one'));
    const place = (directory: string): string => `tls: { cert: ${directory}/tls.crt, key: ${directory}/tls.key }`;
    rig.cli.write('gateway.yaml', textWith(FAST, place(mount.path)));
    const gateway = await rig.start(['--config', 'gateway.yaml']).listening();
    expect(await gateway.told('Gateway listening')).to.include({ tls: true });
    expect(await shownBy(gateway.port)).to.equal('one');
    const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: 1 });
    const askOver = () => askTls(gateway.port, agent, rig.bearer);
    expect(await askOver()).to.equal(200);
    mount.write(files('two'));
    await gateway.told('Certificate changed');
    expect(await shownBy(gateway.port)).to.equal('two');
    expect(await askOver()).to.equal(200);
    // Other files, by a reload; what becomes of the ones before is of no interest any more.
    const other = mountSecret(rig.cli.directory, files('three'));
    rig.cli.write('gateway.yaml', textWith(FAST, place(other.path)));
    gateway.signal('SIGHUP');
    await gateway.told('Configuration reloaded');
    expect(await shownBy(gateway.port)).to.equal('three');
    expect(await askOver()).to.equal(200);
    agent.destroy();
    rig.cli.write('gateway.yaml', textWith(FAST));
    gateway.signal('SIGHUP');
    const { problems } = await gateway.told('Configuration is wrong; the one in force stays');
    expect(problems).to.match(/^gateway\.yaml tls cannot change while the gateway runs/);
    gateway.signal('SIGTERM');
    expect(await gateway.ended).to.equal(0);
  });

  it('listens before Redis has told what is revoked, and is ready when it has', async function () {
    redis = await startRedis(needsProgram(this, 'redis-server'));
    await redis.kill('SIGKILL');
    rig.cli.write('gateway.yaml', textWith(FAST, 'revocations: { redis: REDIS_URL, maxStalenessSeconds: 5 }'));
    const gateway = await rig.start(['--config', 'gateway.yaml'], { REDIS_URL: redis.url }).listening();
    const { port } = gateway;
    const readyz = async (): Promise<string> => String((await ask({ port, path: '/readyz' })).body).trim();
    const orders = { port, path: '/api/v1/orders', headers: { authorization: rig.bearer } };
    expect(await readyz()).to.equal('revocations_never_read');
    expect((await ask({ port, path: '/healthz' })).status).to.equal(200);
    expect((await ask(orders)).status).to.equal(503);
    await redis.restart();
    await until(async () => (await readyz()) === 'ok');
    expect((await ask(orders)).status).to.equal(200);
    await redis.kill('SIGSTOP');
    await until(async () => (await readyz()) === 'revocations_stale');
    await redis.kill('SIGCONT');
    await until(async () => (await readyz()) === 'ok');
    await redis.kill('SIGKILL');
    gateway.signal('SIGTERM');
    expect(await gateway.ended).to.equal(0);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  let isSo = false;
  let isAsking = false;
  await eventually(() => {
    if (!isAsking && !isSo) {
      isAsking = true;
      void condition().then((answer) => {
        isSo = answer;
        isAsking = false;
      });
    }
    return isSo;
  });
}

/** The common name in the certificate that a new connection is shown. */
async function shownBy(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

function askTls(port: number, agent: https.Agent, authorization: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path: '/api/v1/orders', agent, headers: { authorization } };
    https
      .get(options, (res) => {
        res.resume().once('end', () => {
          resolve(res.statusCode as number);
        });
      })
      .once('error', reject);
  });
}
