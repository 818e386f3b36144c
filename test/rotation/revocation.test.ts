import { expect } from 'chai';
import { createServiceToken } from '../../lib/shared/token.js';
import { createTestCli, payloadOf, type TestCli } from '../cli/cli.js';
import { needsProgram } from '../support/needs-program.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { ask, eventually, type Load, startLoad } from './load.js';
import { type Running, startProcess } from './processes.js';

// K6
describe('a token that is revoked under load', function () {
  this.timeout(120_000);
  let cli: TestCli;
  let running: Running[];
  let load: Load | undefined;
  let redis: RedisServer | undefined;

  beforeEach(() => {
    cli = createTestCli();
    cli.write('keys.json', JSON.stringify({ current: cli.secret }));
    running = [];
  });
  afterEach(async () => {
    await load?.stop();
    load = undefined;
    for (const one of running) await one.stop();
    await redis?.stop();
    redis = undefined;
    cli.remove();
  });

  const start = async (env: Readonly<Record<string, string>>): Promise<readonly [Running, Running]> => {
    const shared = { KEYS: cli.path('keys.json'), ...env };
    const service = await startProcess('service', shared);
    running.push(service);
    const gateway = await startProcess('gateway', { ...shared, ORDERS_URL: service.url });
    running.push(gateway);
    return [gateway, service];
  };
  const newToken = (service = 'sales-service'): string => createServiceToken(service, { keys: cli.secret });
  const answerEverywhere = async (token: string): Promise<readonly string[]> =>
    Promise.all(running.map(({ url }) => ask(url, token)));
  const isRevokedEverywhere = async (token: string): Promise<boolean> =>
    (await answerEverywhere(token)).every((answer) => answer === '401 token_revoked');
  const revoke = async (what: string, env = {}): Promise<void> => {
    const { code, stderr } = await cli.run(['revoke', what], { env });
    expect(code, stderr).to.equal(0);
  };
  const expectNoFailure = async (): Promise<void> => {
    await load?.stop();
    const answers = load?.answers() ?? {};
    expect(Object.keys(answers), JSON.stringify(answers)).to.have.members(['gateway 200', 'service 200']);
    load = undefined;
  };

  it('is refused by gateway and service, which follow one file, and others go on', async () => {
    const [token, other, ofPos] = [newToken(), newToken(), newToken('pos-service')];
    await cli.run(['generate', 'orders-service']);
    const [gateway, service] = await start({ REVOCATIONS: cli.path('.service-auth/revocations.json') });
    load = startLoad({ gateway: gateway.url, service: service.url }, () => [other]);
    // Remembered by both.
    expect(await answerEverywhere(token)).to.deep.equal(['200', '200']);
    await revoke(String(payloadOf(token)['jti']));
    await eventually(() => isRevokedEverywhere(token));
    await expectNoFailure();
    await revoke('sales-service');
    await eventually(() => isRevokedEverywhere(other));
    expect(await answerEverywhere(ofPos)).to.deep.equal(['200', '200']);
  });

  it('is refused by both, which follow one Redis, and stays so while Redis is killed and comes back empty', async function () {
    redis = await startRedis(needsProgram(this, 'redis-server'));
    const env = { REDIS_URL: redis.url };
    const [token, other, later] = [newToken(), newToken(), newToken()];
    const [gateway, service] = await start(env);
    load = startLoad({ gateway: gateway.url, service: service.url }, () => [other]);
    expect(await answerEverywhere(token)).to.deep.equal(['200', '200']);
    await revoke(String(payloadOf(token)['jti']), env);
    await eventually(() => isRevokedEverywhere(token));
    await redis.kill('SIGKILL');
    await eventually(() =>
      running.every(({ output }) => /cannot be read from Redis.*"stalenessSeconds":\d/.test(output())),
    );
    expect(await isRevokedEverywhere(token)).to.equal(true);
    await redis.restart();
    await eventually(() => running.every(({ output }) => output().includes('are read from Redis again')));
    expect(await isRevokedEverywhere(token)).to.equal(true);
    await revoke(String(payloadOf(later)['jti']), env);
    await eventually(() => isRevokedEverywhere(later));
    await expectNoFailure();
  });

  it('cannot be told from others while the list is older than it may be: 503 for all, until Redis is back', async function () {
    redis = await startRedis(needsProgram(this, 'redis-server'));
    const token = newToken();
    await start({ REDIS_URL: redis.url, MAX_STALENESS_SECONDS: '5' });
    expect(await answerEverywhere(token)).to.deep.equal(['200', '200']);
    await redis.kill('SIGKILL');
    const answers = (wanted: string) => async (): Promise<boolean> =>
      (await answerEverywhere(token)).every((answer) => answer === wanted);
    await eventually(answers('503 revocations_stale'));
    await redis.restart();
    await eventually(answers('200'));
  });
});
