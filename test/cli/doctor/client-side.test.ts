import { expect } from 'chai';
import { type ClientSide, readClientSide, sendableToken } from '../../../lib/cli/doctor/client-side.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { createTestCli, type TestCli } from '../cli.js';
import { closedPort } from './faults/stage.js';

const quiet = { write: () => true };

describe('readClientSide', () => {
  let cli: TestCli;
  beforeEach(() => {
    cli = createTestCli();
  });
  afterEach(() => {
    cli.remove();
  });

  async function* nothing(): AsyncGenerator<string> {
    yield await Promise.resolve('');
  }
  const readSide = (env: Readonly<Record<string, string>>, options = {}): Promise<ClientSide> =>
    readClientSide({ stdin: nothing(), stdout: quiet, stderr: quiet, env, cwd: cli.directory }, options);
  const mint = (): string => createServiceToken('orders-service', { keys: cli.secret });

  it('reads token, keys and revocations', async () => {
    const token = mint();
    await cli.run(['revoke', 'sales-service']);
    const side = await readSide({ SERVICE_TOKEN: token, JWT_SECRET_KEY: cli.secret });
    expect(sendableToken(side)).to.equal(token);
    expect(side.keys?.snapshot().keys).to.have.length(1);
    expect(side.keysError).to.equal(undefined);
    expect(side.revocations).to.have.property('isRevoked');
    expect(side.quote(token.slice(20, 60))).to.equal('[redacted]');
  });

  it('says what is not there', async () => {
    const side = await readSide({});
    expect(side.found).to.have.property('missing');
    expect(side).to.include({ read: undefined, keys: undefined, keysError: undefined });
    expect(side.revocations).to.match(/^There is no list of revocations here \(.*\.service-auth\)/);
    expect(sendableToken(side)).to.equal(undefined);
  });

  it('tells of keys that cannot be used', async () => {
    expect((await readSide({ JWT_SECRET_KEY: 'short' })).keysError).to.match(/^JWT_SECRET_KEY/);
    expect((await readSide({}, { keys: 'nowhere.json' })).keysError).to.match(/^--keys/);
  });

  it('tells of a Redis that is away', async () => {
    const side = await readSide({ REDIS_URL: `redis://127.0.0.1:${await closedPort()}` });
    expect(side.revocations).to.match(/^The revocations cannot be read: Redis/);
  });

  it('sends no text that is no token', async () => {
    expect(sendableToken(await readSide({ SERVICE_TOKEN: `Bearer ${mint()}` }))).to.equal(undefined);
  });
});
