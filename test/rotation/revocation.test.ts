import { expect } from 'chai';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTestCli, payloadOf, type TestCli } from '../cli/cli.js';
import { needsProgram } from '../support/needs-program.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { withoutNock } from '../support/without-nock.js';
import { ask, eventually, type Load, startLoad } from './load.js';
import { expectNoPieceOfAny, type Running, startProcess } from './processes.js';

const AWAY = 'Revocations cannot be read from Redis; the last known list stays in force';
const BACK = 'Revocations are read from Redis again';
/** Far more than the second or two in which it is promised: machines may be slow. */
const IN_FORCE_MS = 10_000;

// K6
describe('a token that is revoked under load', function () {
  this.timeout(180_000);
  withoutNock();
  let cli: TestCli;
  let running: Running[];
  let loads: Load[];
  let redis: RedisServer | undefined;

  beforeEach(() => {
    cli = createTestCli();
    cli.write('keys.json', JSON.stringify({ current: cli.secret }));
    running = [];
    loads = [];
  });
  afterEach(async () => {
    await Promise.all(loads.map((load) => load.stop()));
    await Promise.all(running.map((one) => one.stop()));
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
  const startLoadOf = (token: string, [gateway, service]: readonly [Running, Running], perSecond?: number): Load => {
    const load = startLoad({ gateway: gateway.url, service: service.url }, () => [token], perSecond);
    loads.push(load);
    return load;
  };
  const newToken = (service = 'sales-service'): string => createServiceToken(service, { keys: cli.secret });
  const answersEverywhere = async (processes: readonly Running[], token: string, wanted: string): Promise<boolean> => {
    const answers = await Promise.all(processes.map(({ url }) => ask(url, token)));
    return answers.every((answer) => answer === wanted);
  };
  const isGood = (token: string, processes: readonly Running[] = running): Promise<boolean> =>
    answersEverywhere(processes, token, '200');
  const isRevoked = (token: string, processes: readonly Running[] = running): Promise<boolean> =>
    answersEverywhere(processes, token, '401 token_revoked');
  const revoke = async (what: string, env = {}): Promise<void> => {
    const { code, stderr } = await cli.run(['revoke', what], { env });
    expect(code, stderr).to.equal(0);
  };
  const idOf = (token: string): string => String(payloadOf(token)['jti']);

  /** Waits until both know, and until what was on the way before is answered; how many were good until then. */
  const inForce = async (token: string, load: Load): Promise<Readonly<Record<string, number>>> => {
    await eventually(() => isRevoked(token), IN_FORCE_MS);
    await load.settled();
    return load.answers();
  };
  /** From the moment on at which both knew, not one was good. */
  const expectRefusedSince = async (then: Readonly<Record<string, number>>, load: Load): Promise<void> => {
    await load.goOn(10);
    await load.stop();
    const now = load.answers();
    expect(now).to.have.all.keys(
      'gateway 200',
      'service 200',
      'gateway 401 token_revoked',
      'service 401 token_revoked',
    );
    expect(now).to.include({ 'gateway 200': then['gateway 200'], 'service 200': then['service 200'] });
  };
  const expectNoFailure = async (load: Load): Promise<void> => {
    await load.stop();
    const answers = load.answers();
    expect(Object.keys(answers), JSON.stringify(answers)).to.have.members(['gateway 200', 'service 200']);
  };
  const expectNothingWritten = (...secrets: readonly string[]): void => {
    expectNoPieceOfAny([cli.secret, ...secrets], running.map(({ output }) => output()).join('\n'));
  };

  it('is refused by gateway and service, which follow one file, and others go on', async () => {
    const [token, other, ofPos] = [newToken(), newToken(), newToken('pos-service')];
    await cli.run(['generate', 'orders-service']);
    const pair = await start({ REVOCATIONS: cli.path('.service-auth/revocations.json') });
    const load = startLoadOf(other, pair);
    const loadOfToken = startLoadOf(token, pair, 20);
    // Remembered by both.
    await loadOfToken.goOn(20);
    expect(await isGood(token)).to.equal(true);
    await revoke(idOf(token));
    const then = await inForce(token, loadOfToken);
    await expectRefusedSince(then, loadOfToken);
    await expectNoFailure(load);
    await revoke('sales-service');
    await eventually(() => isRevoked(other), IN_FORCE_MS);
    expect(await isGood(ofPos)).to.equal(true);
    expectNothingWritten(token, other, ofPos);
  });

  it('is refused by both, which follow one Redis, and stays so while Redis is killed and comes back empty', async function () {
    redis = await startRedis(needsProgram(this, 'redis-server'));
    const env = { REDIS_URL: redis.url };
    const [token, other, later] = [newToken(), newToken(), newToken()];
    const pair = await start(env);
    const load = startLoadOf(other, pair);
    const loadOfToken = startLoadOf(token, pair, 20);
    await loadOfToken.goOn(20);
    expect(await isGood(token)).to.equal(true);
    await revoke(idOf(token), env);
    const then = await inForce(token, loadOfToken);
    await redis.kill('SIGKILL');
    await eventually(() => running.every(({ lines }) => lines(AWAY).length > 0));
    for (const [line] of running.map(({ lines }) => lines(AWAY))) {
      expect(line).to.include({ level: 'warn' });
      expect(line?.['stalenessSeconds']).to.be.a('number');
    }
    await Promise.all([load.goOn(200), loadOfToken.goOn(20)]);
    expect(await isRevoked(token)).to.equal(true);
    await redis.restart();
    await eventually(() => running.every(({ lines }) => lines(BACK).length > 0));
    await Promise.all([load.goOn(100), loadOfToken.goOn(10)]);
    expect(await isRevoked(token)).to.equal(true);
    // It is heard of again.
    expect(await isGood(later)).to.equal(true);
    await revoke(idOf(later), env);
    await eventually(() => isRevoked(later), IN_FORCE_MS);
    await expectRefusedSince(then, loadOfToken);
    await expectNoFailure(load);
    expectNothingWritten(token, other, later);
  });

  it('cannot be told from others while the list is older than it may be: 503 for all, until Redis is back', async function () {
    redis = await startRedis(needsProgram(this, 'redis-server'));
    const env = { REDIS_URL: redis.url };
    const [token, other] = [newToken(), newToken()];
    const strict = await start({ ...env, MAX_STALENESS_SECONDS: '5' });
    // Beside them, for as long: two that set no limit.
    const patient = await start(env);
    const load = startLoadOf(other, patient, 20);
    expect(await isGood(token)).to.equal(true);
    await revoke(idOf(token), env);
    await eventually(() => isRevoked(token), IN_FORCE_MS);
    await redis.kill('SIGKILL');
    for (const one of [token, other]) {
      await eventually(() => answersEverywhere(strict, one, '503 revocations_stale'));
    }
    expect(await isRevoked(token, patient)).to.equal(true);
    expect(await isGood(other, patient)).to.equal(true);
    await redis.restart();
    await eventually(() => isGood(other, strict));
    expect(await isRevoked(token)).to.equal(true);
    await expectNoFailure(load);
    expectNothingWritten(token, other);
  });
});
