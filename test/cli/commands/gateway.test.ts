import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { chmodSync, mkdirSync } from 'node:fs';
import { expect } from 'chai';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { closeRig, type Upstream, upstreamOf } from '../../support/gateway-rig.js';
import { newEcPair, newSecret } from '../../support/keys.js';
import { needsProgram } from '../../support/needs-program.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import { createTestCli, type TestCli } from '../cli.js';
import { makeCertificate } from '../gateway/certificates.js';
import { ask } from '../gateway/gateway-process.js';
import { type GatewayHere, startHere } from '../gateway/in-process.js';

const NO_KEY = { env: { JWT_SECRET_KEY: undefined } };

describe('service-auth gateway', function () {
  this.timeout(60_000);
  const secret = newSecret();
  const authorization = `Bearer ${createServiceToken('sales-service', { keys: secret })}`;
  let cli: TestCli;
  let upstream: Upstream;
  let running: GatewayHere | undefined;
  beforeEach(async () => {
    cli = createTestCli();
    upstream = await upstreamOf();
    cli.write('keys.json', JSON.stringify({ current: secret }));
    cli.write('pair.json', JSON.stringify({ current: newEcPair().privatePem }));
    cli.write('revocations.json', '{ "version": 1, "revocations": [{ "tokenId": "a" }] }');
  });
  afterEach(async () => {
    await running?.end();
    running = undefined;
    await closeRig();
    cli.remove();
  });

  const configure = (...lines: readonly string[]): void => {
    const usual = [
      'name: api-gateway',
      'listen: { host: 127.0.0.1, port: 0 }',
      'keys: { file: keys.json }',
      `routes: { /api/v1/orders: { url: '${upstream.url}', service: orders-service } }`,
      'drain: { delayMs: 0, idleMs: 0 }',
    ];
    const replaced = new Set(lines.map((line) => line.split(':')[0]));
    const kept = usual.filter((line) => !replaced.has(line.split(':')[0]));
    cli.write('gateway.yaml', [...kept, ...lines, ''].join('\n'));
  };
  const start = (env?: Readonly<Record<string, string>>): GatewayHere =>
    (running = startHere(cli, ['--config', 'gateway.yaml'], env));

  describe('--check', () => {
    it('says ok, and what the configuration amounts to', async () => {
      configure('public: [GET /api/v1/orders/health]', 'trustedProxies: [loopback]');
      const { code, stdout, stderr } = await cli.run(['gateway', '--config', 'gateway.yaml', '--check'], NO_KEY);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(stdout).to.match(/^gateway\.yaml is ok\.\n\n/);
      for (const line of [
        /Name +api-gateway\n/,
        /Listens on +127\.0\.0\.1, port 0\n/,
        /Keys +[\w-]{12} \(HS256, current\)\n/,
        /Assertions +signed with keys derived from the current key\n/,
        /Revocations +none: a token is good until it expires\n/,
        /Public +GET \/api\/v1\/orders\/health\n/,
        /Proxies +loopback\n/,
        /\nPREFIX +SERVICE +URL\n\/api\/v1\/orders +orders-service +http:\/\/127\.0\.0\.1:\d+\n$/,
      ]) {
        expect(stdout).to.match(line);
      }
      expectNoPieceOf(secret, stdout);
    });

    it('warns of a public entry that no route covers', async () => {
      const warned = async (entry: string): Promise<string> => {
        configure(`public: [${entry}]`);
        const { code, stderr } = await cli.run(['gateway', '--config', 'gateway.yaml', '--check'], NO_KEY);
        expect(code).to.equal(0);
        return stderr;
      };
      expect(await warned('POST /api/v1/auth/login')).to.match(
        /^Warning: no route covers the public entry POST \/api\/v1\/auth\/login: it is answered with 404\. .*\n$/,
      );
      expect(await warned('POST /api/v1/orders/login')).to.equal('');
    });

    it('says where revocations, assertion keys and the certificate are from', async function () {
      needsProgram(this, 'openssl');
      mkdirSync(cli.path('tls'));
      makeCertificate(cli.path('tls'), 'one');
      configure(
        'assertionKeys: { file: pair.json }',
        'revocations: { file: revocations.json }',
        'tls: { cert: tls/one.crt, key: tls/one.key }',
        'routes: { /api/v1/orders: http://orders-service.bakery:8000 }',
      );
      const { code, stdout } = await cli.run(['gateway', '--config', 'gateway.yaml', '--check'], NO_KEY);
      expect(code).to.equal(0);
      expect(stdout).to.match(/port 0, TLS\n.*Certificate +until 2\S+Z\n/);
      expect(stdout).to.match(/Assertions +\S+ \(ES256, current\)\n/);
      expect(stdout).to.match(/Revocations +1, in a file\n/);
      expect(stdout).to.match(/\/api\/v1\/orders +orders-service +http:/);
    });

    it('names the place of the half of a pair that is wrong', async function () {
      needsProgram(this, 'openssl');
      mkdirSync(cli.path('tls'));
      for (const name of ['one', 'two']) makeCertificate(cli.path('tls'), name);
      for (const [cert, key, place] of [
        ['one.crt', 'two.key', '6:32 tls.key is not the key of the certificate'],
        ['one.key', 'one.key', '6:14 tls.cert names a file that holds no certificate'],
      ] as const) {
        configure(`tls: { cert: tls/${cert}, key: tls/${key} }`);
        const { code, stderr } = await cli.run(['gateway', '--config', 'gateway.yaml', '--check'], NO_KEY);
        expect(code).to.equal(1);
        expect(stderr).to.include(`gateway.yaml:${place}`);
      }
    });

    it('asks no Redis', async () => {
      configure('revocations: { redis: REDIS_URL }');
      const env = { JWT_SECRET_KEY: undefined, REDIS_URL: 'redis://:s3cr3t-s3cr3t-s3cr3t@127.0.0.1:1' };
      const { code, stdout } = await cli.run(['gateway', '--config', 'gateway.yaml', '--check'], { env });
      expect(code).to.equal(0);
      expect(stdout).to.match(/Revocations +in Redis \(REDIS_URL\), which was not asked\n/);
      expect(stdout).not.to.include('s3cr3t');
    });

    it('says all that is wrong, on stderr, with exit code 1', async () => {
      configure('listen: { port: 0 }', 'nam: b', `keys: { file: keys.json, current: ${secret} }`);
      const { code, stdout, stderr } = await cli.run(['gateway', '--config', 'gateway.yaml', '--check'], NO_KEY);
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr).to.match(
        /^service-auth: gateway\.yaml has 2 mistakes:\n {2}gateway\.yaml:\d+:\d+ .*\n {2}gateway\.yaml:/,
      );
      expectNoPieceOf(secret, stderr);
      configure('nam: b');
      expect((await cli.run(['gateway', '--config', 'gateway.yaml', '--check'], NO_KEY)).stderr).to.match(
        /^service-auth: gateway\.yaml is wrong:\n {2}gateway\.yaml:6:1 'nam' .*\n$/,
      );
    });

    it('reads JSON where the name ends so', async () => {
      cli.write('gateway.json', '{ "keys": { "file": "keys.json" }, "routes": { "/a": "http://a-service" } }');
      expect((await cli.run(['gateway', '--config', 'gateway.json', '--check'], NO_KEY)).code).to.equal(0);
      cli.write('gateway.json', 'keys: { file: keys.json }');
      expect((await cli.run(['gateway', '--config', 'gateway.json', '--check'], NO_KEY)).stderr).to.include('no JSON');
    });

    it('takes paths to be relative to the configuration', async () => {
      mkdirSync(cli.path('etc'));
      cli.write('etc/gateway.yaml', 'keys: { file: ../keys.json }\nroutes: { /a: http://a-service }\n');
      expect((await cli.run(['gateway', '--config', 'etc/gateway.yaml', '--check'], NO_KEY)).code).to.equal(0);
    });

    it('warns of a key file that everybody can read', async () => {
      configure();
      chmodSync(cli.path('keys.json'), 0o644);
      const { code, stderr } = await cli.run(['gateway', '--config', 'gateway.yaml', '--check'], NO_KEY);
      expect(code).to.equal(0);
      expect(stderr).to.match(/^Warning: every user of this machine can read keys\.json/);
    });
  });

  it('says so where there is no configuration', async () => {
    expect((await cli.run(['gateway'])).code).to.equal(2);
    const typed = 'x'.repeat(40);
    for (const name of ['nowhere.yaml', typed, `${typed}/a`]) {
      for (const more of [[], ['--check']]) {
        const { code, stdout, stderr } = await cli.run(['gateway', '--config', name, ...more]);
        expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
        expect(stderr).to.match(/^service-auth: --config names a file that does not exist/);
        expectNoPieceOf(typed, stderr);
      }
    }
  });

  it('names a configuration with a long path by its own name only', async () => {
    const long = 'x'.repeat(40);
    mkdirSync(cli.path(long));
    for (const [path, shown] of [
      ['g.yaml', 'g.yaml'],
      [`${long}/g.yaml`, 'g.yaml'],
      [`${long}/${long}`, '--config'],
    ] as const) {
      cli.write(path, '[]');
      const { stderr } = await cli.run(['gateway', '--config', path, '--check'], NO_KEY);
      expect(stderr.split('\n')[0]).to.match(new RegExp(`^service-auth: ${shown} (?:is wrong|has \\d+ mistakes):$`));
    }
  });

  it('forwards what it is asked, and tells how it is', async () => {
    configure();
    const gateway = start();
    const port = await gateway.port();
    expect(await gateway.told('Gateway listening')).to.include({
      ...{ name: 'api-gateway', host: '127.0.0.1', port, tls: false, routes: 1 },
    });
    expect(await ask({ port, path: '/api/v1/orders/7', headers: { authorization } })).to.include({
      status: 200,
      body: 'ok',
    });
    expect(await ask({ port, path: '/api/v1/orders/7' })).to.include({ status: 401 });
    expect(await ask({ port, path: '/healthz' })).to.include({ status: 200 });
    expect(await ask({ port, path: '/readyz' })).to.include({ status: 200 });
    expect((await ask({ port, path: '/api/v1/orders/7', headers: { authorization } })).headers).to.include({
      via: '1.1 api-gateway',
    });
  });

  it('answers a path without a route with a 404 that no client takes for the word of a service', async () => {
    configure();
    const gateway = start();
    const { status, headers, body } = await ask({ port: await gateway.port(), path: '/elsewhere?token=t' });
    expect([status, body]).to.deep.equal([404, 'The gateway has no route for this path.\n']);
    expect(headers).to.include({ 'content-type': 'text/plain; charset=utf-8' }).and.not.to.have.property('via');
    expect(await gateway.told('No route')).to.include({
      endpoint: 'GET /elsewhere',
      request_id: headers?.['x-request-id'],
    });
  });

  it('warns where no revocations are configured', async () => {
    configure();
    const gateway = start();
    await gateway.port();
    expect(gateway.lines().filter(({ level }) => level === 'warn')).to.have.length(1);
    await gateway.end();
    configure('revocations: { file: revocations.json }');
    const other = start();
    await other.port();
    expect(other.lines().filter(({ level }) => level === 'warn')).to.deep.equal([]);
  });

  it('warns of public entries that no route covers, at the start and after a reload', async () => {
    const message = 'No route covers these public entries: they are answered with 404';
    configure('public: [GET /a, GET /api/v1/orders/7]');
    const gateway = start();
    expect(await gateway.told(message)).to.deep.include({ level: 'warn', entries: ['GET /a'], count: 1 });
    configure('public: [GET /b]');
    gateway.signal('SIGHUP');
    expect(await gateway.told(message, 2)).to.deep.include({ level: 'warn', entries: ['GET /b'], count: 1 });
    configure('public: [GET /api/v1/orders/7]');
    gateway.signal('SIGHUP');
    await gateway.told('Configuration reloaded', 2);
    expect(gateway.lines().filter((line) => line.message === message)).to.have.length(2);
  });

  it('heeds the level of the log, also where a reload changes it', async () => {
    configure('logLevel: error');
    const gateway = start();
    await gateway.obeys();
    expect(gateway.lines()).to.deep.equal([]);
    configure('logLevel: info');
    gateway.signal('SIGHUP');
    await gateway.told('Configuration reloaded');
  });

  it('ends with code 1 where the configuration is wrong, before anything is opened', async () => {
    configure('nam: b');
    const { code, stdout, stderr } = await start().ended;
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(stderr).to.match(/^service-auth: gateway\.yaml is wrong:\n/);
  });

  it('ends with code 1 where the port cannot be listened on, and says what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    configure(`listen: { host: 127.0.0.1, port: ${port} }`);
    const { stdout, stderr } = await start().ended;
    expect(stderr).to.match(/Port \d+ is taken by another process\. .*listen\.port \(EADDRINUSE\)/);
    // That no connection could be accepted would be wrong: none came.
    expect(stdout).to.equal('');
    other.close();
    configure('listen: { host: 192.0.2.1, port: 0 }');
    expect(await start().ended).to.include({ code: 1 });
    configure('listen: { host: nowhere.invalid, port: 0 }');
    expect((await start().ended).stderr).to.match(/^service-auth: Port 0 .* \(E\w+\)/);
  });

  it('reads the file again on SIGHUP', async () => {
    configure();
    const gateway = start();
    const port = await gateway.port();
    const request = { port, path: '/api/v1/orders/7' };
    expect((await ask(request)).status).to.equal(401);
    configure('public: [GET /api/v1/orders/7]', 'limits: { headersTimeoutMs: 2000 }');
    gateway.signal('SIGHUP');
    expect(await gateway.told('Configuration reloaded')).to.include({ file: 'gateway.yaml', routes: 1 });
    expect((await ask(request)).status).to.equal(200);
  });

  it('keeps what it has where the file is wrong, and says what is wrong where', async () => {
    configure();
    const gateway = start();
    const port = await gateway.port();
    configure('pubic: [GET /api/v1/orders/7]');
    gateway.signal('SIGHUP');
    expect(await gateway.told('Configuration is wrong; the one in force stays')).to.deep.include({
      level: 'error',
      problems: ["gateway.yaml:6:1 'pubic' is not an option of the configuration. Did you mean 'public'?"],
    });
    expect(await ask({ port, path: '/api/v1/orders/7', headers: { authorization } })).to.include({ status: 200 });
    expect((await ask({ port, path: '/readyz' })).status).to.equal(200);
  });

  it('refuses a reload that would need a restart', async () => {
    configure();
    const gateway = start();
    const port = await gateway.port();
    configure('listen: { host: 127.0.0.1, port: 1 }', 'public: [GET /api/v1/orders/7]');
    gateway.signal('SIGHUP');
    const { problems } = await gateway.told('Configuration is wrong; the one in force stays');
    expect(problems).to.match(/^gateway\.yaml listen\.port cannot change while the gateway runs/);
    expect((await ask({ port, path: '/api/v1/orders/7' })).status).to.equal(401);
  });

  it('drains on SIGTERM and on SIGINT, with code 0', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      configure('drain: { delayMs: 300000 }');
      const gateway = start();
      const port = await gateway.port();
      gateway.signal(signal);
      await gateway.told('Draining; a second signal ends at once');
      expect(await ask({ port, path: '/readyz' })).to.include({ status: 503, body: 'draining\n' });
      expect((await ask({ port, path: '/healthz' })).status).to.equal(200);
      expect((await ask({ port, path: '/api/v1/orders/7', headers: { authorization } })).status).to.equal(200);
      // Nothing is reloaded any more.
      gateway.signal('SIGHUP');
      gateway.signal('SIGTERM');
      expect(await gateway.ended).to.include({ code: 0, stderr: '' });
      expect(gateway.lines().map(({ message }) => message)).not.to.include('Configuration reloaded');
      expect(await ask({ port, path: '/healthz' })).to.deep.equal({ error: 'ECONNREFUSED' });
    }
  });
});
