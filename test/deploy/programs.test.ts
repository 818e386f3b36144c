import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { createKeyRing, createServiceToken, deriveAssertionKey } from '../../lib/shared/index.js';
import { ROOT } from '../../scripts/files.js';
import { buildIfMissing } from '../examples/run-bakery.js';
import { needsProgram } from '../support/needs-program.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { secret } from './manifests.js';
import { type MountedSecret, mountSecret } from '../support/mounted-secret.js';
import { addressOf, eventually, type Program, startProgram } from './run-program.js';

const PATH = '/api/v1/orders/tenant/7/deletion-preview';
const NO_REVOCATIONS = '{ "version": 1, "revocations": [] }';

const makeKey = (): string => randomBytes(48).toString('base64url');
const kidOf = (key: string): string | undefined => createKeyRing({ current: key }).snapshot().current?.kid;
const deriveOf = (...keys: readonly string[]): string =>
  keys.map((current) => `${deriveAssertionKey('orders-service', { keys: { current } })}\n`).join('');
const tokenOf = (current: string, service = 'sales-service'): string =>
  createServiceToken(service, { keys: { current } });

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function call(url: string, token: string | undefined): Promise<Answer> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(url, { headers: { ...authorization, connection: 'close' } });
  return { status: answer.status, body: await answer.json() };
}

interface Load {
  readonly answers: readonly Answer[];
  readonly stop: () => Promise<void>;
}

/** Calls again and again, one call after the other. What fails is an answer of status 0. */
function startLoad(ask: () => Promise<Answer>): Load {
  const answers: Answer[] = [];
  const state = { isOver: false };
  const ended = (async () => {
    while (!state.isOver) {
      answers.push(await ask().catch((error: unknown) => ({ status: 0, body: String(error) })));
      await wait(10);
    }
  })();
  return {
    answers,
    stop: () => {
      state.isOver = true;
      return ended;
    },
  };
}

describe('examples/kubernetes', function () {
  this.timeout(180_000);
  let folder: string;
  const running: Program[] = [];

  function start(name: string, env: Readonly<Record<string, string>>): Program {
    const program = startProgram(name, env);
    running.push(program);
    return program;
  }

  before(() => {
    buildIfMissing();
    folder = mkdtempSync(join(tmpdir(), 'service-auth-deploy-'));
  });
  afterEach(async () => {
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.all(running.splice(0).map(({ ended }) => ended));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  interface System {
    readonly keys: MountedSecret;
    readonly assertionKeys: MountedSecret;
    readonly revocations: string;
    readonly gateway: Program;
    readonly orders: Program;
    readonly url: string;
    readonly ordersUrl: string;
  }

  /** Gateway and service, with their Secrets mounted and revocations in a file. */
  async function startSystem(key: string, signAfterSeconds?: number): Promise<System> {
    const keys = mountSecret(folder, { current: `${key}\n` });
    const assertionKeys = mountSecret(folder, { keys: deriveOf(key) });
    const revocations = join(mkdtempSync(join(folder, 'revocations-')), 'revocations.json');
    writeFileSync(revocations, NO_REVOCATIONS);
    const orders = start('orders-service', {
      SERVICE_NAME: 'orders-service',
      GATEWAY_ASSERTION_KEY_FILE: join(assertionKeys.path, 'keys'),
      REVOCATIONS_FILE: revocations,
    });
    const ordersUrl = await addressOf(orders);
    const gateway = start('gateway', {
      SERVICE_NAME: 'gateway',
      JWT_KEYS_FILE: keys.path,
      ORDERS_URL: ordersUrl,
      REVOCATIONS_FILE: revocations,
      ...(signAfterSeconds !== undefined && { SIGN_AFTER_SECONDS: String(signAfterSeconds) }),
    });
    return { keys, assertionKeys, revocations, gateway, orders, url: await addressOf(gateway), ordersUrl };
  }

  const stopped = (programs: readonly Program[]): Promise<(number | string)[]> => {
    for (const { child } of programs) child.kill('SIGTERM');
    return Promise.all(programs.map(({ ended }) => ended));
  };

  it('let a service token through the gateway, refuse without one, and end on SIGTERM with 0', async () => {
    const key = makeKey();
    const { gateway, orders, url, ordersUrl } = await startSystem(key);
    const token = tokenOf(key);
    expect(await call(`${url}${PATH}`, token)).to.deep.equal({ status: 200, body: { orders: 40 } });
    expect(await call(`${url}${PATH}`, undefined)).to.deep.include({ status: 401 });
    expect(await call(`${url}${PATH}`, tokenOf(makeKey()))).to.deep.include({ status: 401 });
    // Past the gateway not even the good token helps: the service has no key for tokens.
    expect(await call(`${ordersUrl}${PATH}`, token)).to.deep.include({ status: 401 });
    for (const address of [url, ordersUrl]) {
      expect(await call(`${address}/healthz`, undefined)).to.deep.equal({ status: 200, body: { status: 'ok' } });
    }
    expect(await stopped([gateway, orders])).to.deep.equal([0, 0]);
    for (const { output } of [gateway, orders]) {
      expect(output()).to.include('"granted"');
      for (const hidden of [key, token, token.split('.')[2]!, deriveOf(key).trim()]) {
        expect(output()).not.to.include(hidden);
      }
    }
  });

  it('let only the orchestrator delete', async () => {
    const key = makeKey();
    const { url } = await startSystem(key);
    const remove = async (service: string): Promise<Answer> => {
      const headers = { authorization: `Bearer ${tokenOf(key, service)}`, connection: 'close' };
      const answer = await fetch(`${url}/api/v1/orders/tenant/7`, { method: 'DELETE', headers });
      return { status: answer.status, body: await answer.json() };
    };
    expect(await remove('sales-service')).to.deep.include({ status: 403 });
    expect(await remove('tenant-deletion-orchestrator')).to.deep.equal({ status: 200, body: { deleted: 40 } });
  });

  it('take rotated keys up without a restart, step by step as the guide says, and refuse none of the good tokens', async () => {
    const [old, next] = [makeKey(), makeKey()];
    const { keys, assertionKeys, gateway, orders, url } = await startSystem(old, 0);
    const oldToken = tokenOf(old);
    const newToken = tokenOf(next);
    const load = startLoad(() => call(`${url}${PATH}`, oldToken));
    try {
      expect(await call(`${url}${PATH}`, newToken)).to.deep.include({ status: 401 });

      keys.write({ current: old, 'previous-next': next });
      await gateway.logged('Key ring changed');
      assertionKeys.write({ keys: deriveOf(old, next) });
      await orders.logged('Assertion keys changed', (line) => line['keys'] === 2);
      expect(await call(`${url}${PATH}`, newToken)).to.deep.include({ status: 200 });

      keys.write({ current: next, 'previous-1': old });
      const signsNow = (line: Readonly<Record<string, unknown>>): boolean =>
        (line['keys'] as { kid: string; signs: boolean }[]).some(({ kid, signs }) => kid === kidOf(next) && signs);
      await gateway.logged('Key ring changed', signsNow);
      expect(await call(`${url}${PATH}`, oldToken)).to.deep.include({ status: 200 });
      expect(await call(`${url}${PATH}`, newToken)).to.deep.include({ status: 200 });
    } finally {
      await load.stop();
    }
    expect(load.answers.length).to.be.greaterThan(0);
    expect(load.answers.filter(({ status }) => status !== 200)).to.deep.equal([]);

    keys.write({ current: next });
    const gone = await eventually(
      () => call(`${url}${PATH}`, oldToken),
      ({ status }) => status === 401,
    );
    expect(gone.status).to.equal(401);
    assertionKeys.write({ keys: deriveOf(next) });
    await orders.logged('Assertion keys changed', (line) => line['keys'] === 1);
    expect(await call(`${url}${PATH}`, newToken)).to.deep.include({ status: 200 });
    expect(await stopped([gateway, orders])).to.deep.equal([0, 0]);
  });

  it('go on signing with the key of before, while SIGN_AFTER_SECONDS have not passed', async () => {
    const [old, next] = [makeKey(), makeKey()];
    const { keys, gateway, url } = await startSystem(old);
    keys.write({ current: next, 'previous-1': old });
    const { keys: shown } = await gateway.logged('Key ring changed');
    expect(shown).to.deep.include({ kid: kidOf(old), algorithm: 'HS256', signs: true });
    expect(shown).to.deep.include({ kid: kidOf(next), algorithm: 'HS256', signs: false });
    // orders-service has the key for the old one alone.
    expect(await call(`${url}${PATH}`, tokenOf(next))).to.deep.include({ status: 200 });
  });

  it('keep the keys in force where the new ones are placeholders, say so, and take good ones afterwards', async () => {
    const [key, next] = [makeKey(), makeKey()];
    const { keys, gateway, url } = await startSystem(key);
    keys.write(secret('jwt-keys').stringData!);
    const { reason } = await gateway.logged('Key ring could not be read again; the keys in force stay');
    expect(reason).to.include('is a placeholder');
    expect(await call(`${url}${PATH}`, tokenOf(key))).to.deep.include({ status: 200 });
    keys.write({ current: key, 'previous-next': next });
    await gateway.logged('Key ring changed');
    expect(await call(`${url}${PATH}`, tokenOf(next))).to.deep.include({ status: 200 });
  });

  it('refuse to start with the placeholders of secrets/', async () => {
    const keys = mountSecret(folder, secret('jwt-keys').stringData!);
    const assertionKeys = mountSecret(folder, secret('orders-service-assertion-keys').stringData!);
    const revocations = join(folder, 'revocations.json');
    writeFileSync(revocations, NO_REVOCATIONS);
    const gateway = start('gateway', {
      JWT_KEYS_FILE: keys.path,
      ORDERS_URL: 'http://127.0.0.1:1',
      REVOCATIONS_FILE: revocations,
    });
    const orders = start('orders-service', {
      SERVICE_NAME: 'orders-service',
      GATEWAY_ASSERTION_KEY_FILE: join(assertionKeys.path, 'keys'),
      REVOCATIONS_FILE: revocations,
    });
    expect(await gateway.ended).to.equal(1);
    expect(gateway.output()).to.include('is a placeholder, not a secret');
    expect(await orders.ended).to.equal(1);
    expect(orders.output()).to.include('must be a derived key');
  });

  it('refuse what a file revokes, also for the report, which counts before and fails after', async () => {
    const key = makeKey();
    const { revocations, url, gateway } = await startSystem(key);
    const token = tokenOf(key);
    const mounted = mountSecret(folder, { token: `${token}\n` });
    const env = { SERVICE_TOKEN_FILE: join(mounted.path, 'token'), GATEWAY_URL: url };
    const before = start('sales-report', env);
    expect(await before.ended).to.equal(0);
    expect(await before.logged('Orders counted')).to.deep.include({ tenantId: '7', orders: 40 });

    const issuedBefore = Math.floor(Date.now() / 1000) + 1;
    writeFileSync(
      revocations,
      JSON.stringify({ version: 1, revocations: [{ service: 'sales-service', issuedBefore }] }),
    );
    await gateway.logged('Revocations changed', (line) => line['entries'] === 1);
    const after = start('sales-report', env);
    expect(await after.ended).to.equal(1);
    expect(await after.logged('Orders could not be counted')).to.deep.include({ status: 401, code: 'token_revoked' });
    for (const { output } of [before, after]) expect(output()).not.to.include(token);
    expect(await call(`${url}${PATH}`, tokenOf(key, 'pos-service'))).to.deep.include({ status: 200 });
  });

  describe('with REDIS_URL', () => {
    let redis: RedisServer | undefined;
    afterEach(async () => {
      await redis?.stop();
      redis = undefined;
    });

    it('follow the revocations of Redis, with a password, and end on SIGTERM with 0', async function () {
      redis = await startRedis(needsProgram(this, 'redis-server'), ['--requirepass', 'of-a-test']);
      const url = redis.url.replace('redis://', 'redis://:of-a-test@');
      const key = makeKey();
      const keys = mountSecret(folder, { current: key });
      const assertionKeys = mountSecret(folder, { keys: deriveOf(key) });
      const orders = start('orders-service', {
        SERVICE_NAME: 'orders-service',
        GATEWAY_ASSERTION_KEY_FILE: join(assertionKeys.path, 'keys'),
        REDIS_URL: url,
      });
      const gateway = start('gateway', {
        JWT_KEYS_FILE: keys.path,
        ORDERS_URL: await addressOf(orders),
        REDIS_URL: url,
      });
      const address = await addressOf(gateway);
      const token = tokenOf(key);
      expect(await call(`${address}${PATH}`, token)).to.deep.include({ status: 200 });
      revokeIn(url, 'sales-service');
      const refused = await eventually(
        () => call(`${address}${PATH}`, token),
        ({ status }) => status === 401,
      );
      expect(refused.body).to.deep.include({ code: 'token_revoked' });
      expect(await call(`${address}${PATH}`, tokenOf(key, 'pos-service'))).to.deep.include({ status: 200 });
      expect(await stopped([gateway, orders])).to.deep.equal([0, 0]);
      expect(gateway.output()).not.to.include('of-a-test');
    });

    it('wait for a Redis that is away before they listen, and meanwhile end on SIGTERM with 0', async () => {
      const key = makeKey();
      const env = { REDIS_URL: 'redis://127.0.0.1:1', ORDERS_URL: 'http://127.0.0.1:1' };
      const keys = mountSecret(folder, { current: key });
      const assertionKeys = mountSecret(folder, { keys: deriveOf(key) });
      const gateway = start('gateway', { ...env, JWT_KEYS_FILE: keys.path });
      const orders = start('orders-service', {
        ...env,
        SERVICE_NAME: 'orders-service',
        GATEWAY_ASSERTION_KEY_FILE: join(assertionKeys.path, 'keys'),
      });
      for (const program of [gateway, orders]) {
        await program.logged('Revocations cannot be read from Redis, and none are known: everybody is refused');
      }
      expect(await stopped([gateway, orders])).to.deep.equal([0, 0]);
      for (const { output } of [gateway, orders]) expect(output()).not.to.include('Listening');
    });
  });
});

/** Runs the command line, with nothing in its environment but where Redis is. */
function revokeIn(url: string, service: string): void {
  const main = join(ROOT, 'dist/esm/cli/main.js');
  const env = { PATH: process.env['PATH'], REDIS_URL: url };
  const { status, stderr } = spawnSync(process.execPath, [main, 'revoke', service], {
    cwd: ROOT,
    env,
    encoding: 'utf8',
  });
  expect(stderr).to.equal('');
  expect(status).to.equal(0);
}
