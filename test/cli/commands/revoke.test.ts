import { rmSync } from 'node:fs';
import { expect } from 'chai';
import { type CliResult, createTestCli, payloadOf, type TestCli } from '../cli.js';

describe('service-auth revoke', () => {
  let cli: TestCli;
  beforeEach(() => {
    cli = createTestCli();
  });
  afterEach(() => {
    cli.remove();
  });

  const generate = async (service = 'orders-service'): Promise<string> => (await cli.run(['generate', service])).stdout;
  const revoke = (...args: readonly string[]): Promise<CliResult> => cli.run(['revoke', ...args]);
  const isLetIn = async (token: string): Promise<boolean> =>
    (await cli.run(['verify', '-'], { stdin: token })).code === 0;
  const listed = async (): Promise<readonly Record<string, unknown>[]> =>
    JSON.parse((await cli.run(['revocations', '--json'])).stdout) as Record<string, unknown>[];

  it('revokes one token by its id, until it would have expired', async () => {
    const [token, other] = [await generate(), await generate()];
    const { jti, exp } = payloadOf(token);
    const { code, stdout } = await revoke(String(jti));
    expect(code).to.equal(0);
    expect(stdout).to.include(String(jti));
    expect(await isLetIn(token)).to.equal(false);
    expect(await isLetIn(other)).to.equal(true);
    expect(await listed()).to.deep.equal([
      { tokenId: jti, expiresAt: new Date(Number(exp) * 1000).toISOString().replace('.000Z', 'Z') },
    ]);
    expect((await cli.run(['revocations'])).stdout).to.match(/^[\w-]{36} +orders-service +20\S+Z$/m);
  });

  it('revokes all that a service was issued until now, and nothing of others', async () => {
    const [token, ofOther] = [await generate(), await generate('sales-service')];
    expect((await revoke('orders-service', '--issued-before', 'now')).code).to.equal(0);
    expect(await isLetIn(token)).to.equal(false);
    expect(await isLetIn(ofOther)).to.equal(true);
    expect((await cli.run(['revocations'])).stdout).to.match(/^all issued before 20\S+Z +orders-service +for good$/m);
  });

  it('revokes what a service was issued before a moment, in two spellings', async () => {
    const token = await generate();
    const issuedAt = Number(payloadOf(token)['iat']);
    await revoke('orders-service', '--issued-before', String(issuedAt));
    expect(await isLetIn(token)).to.equal(true);
    await revoke('orders-service', '--issued-before', new Date((issuedAt + 1) * 1000).toISOString());
    expect(await isLetIn(token)).to.equal(false);
    // An earlier moment takes nothing back.
    await revoke('orders-service', '--issued-before', String(issuedAt - 100));
    expect(await isLetIn(token)).to.equal(false);
    expect(await listed()).to.have.length(1);
  });

  it('revokes a token that was not made here by its UUID, for good', async () => {
    const id = '7f6c2f0e-7f3c-4b57-9d8e-2d1f4ce8a1b0';
    const { code, stdout } = await revoke(id);
    expect(code).to.equal(0);
    expect(stdout).to.include('for good');
    expect(await listed()).to.deep.equal([{ tokenId: id }]);
    expect((await cli.run(['revocations'])).stdout).to.match(/not in the inventory +for good/);
  });

  it('warns of an id that this inventory does not know', async () => {
    const { jti } = payloadOf(await generate());
    expect((await revoke(String(jti))).stderr).to.equal('');
    expect((await revoke('7f6c2f0e-7f3c-4b57-9d8e-2d1f4ce8a1b0')).stderr).to.match(
      /^Warning: this inventory has no token/,
    );
  });

  it('revokes a token id of another issuer, which need be no UUID, where --token-id says that it is one', async () => {
    expect((await revoke('their-id-17', '--token-id')).code).to.equal(0);
    expect((await revoke('orders-service', '--token-id')).code).to.equal(0);
    expect(await listed()).to.deep.equal([{ tokenId: 'their-id-17' }, { tokenId: 'orders-service' }]);
  });

  it('revokes a service that has tokens and is no longer listed', async () => {
    await generate();
    cli.write('services.json', '[{ "name": "others" }]');
    expect((await revoke('orders-service')).code).to.equal(0);
    expect((await revoke('sales-service')).code).to.equal(2);
  });

  it('says how far the revocation goes that is in force', async () => {
    await revoke('orders-service');
    expect((await revoke('orders-service', '--issued-before', '1000')).stdout).to.match(/issued before 20\d\d-/);
  });

  it('begins no new list where the old one is gone', async () => {
    await generate();
    rmSync(cli.path('.service-auth/revocations.json'));
    const { code, stderr } = await revoke('orders-service');
    expect(code).to.equal(1);
    expect(stderr).to.include('is gone');
    cli.write('.service-auth/revocations.json', '{ "version": 1, "revocations": [] }');
    expect((await revoke('orders-service')).code).to.equal(0);
  });

  it('takes a token that has ended long ago, which is on no list', async () => {
    const expiresAt = Math.floor(Date.now() / 1000) - 3 * 86_400;
    const line = { service: 'orders-service', tokenId: 'ended', keyId: 'k', issuedAt: expiresAt - 10, expiresAt };
    cli.write('tokens.json', JSON.stringify({ version: 1, tokens: [line] }));
    cli.write('revocations.json', '{ "version": 1, "revocations": [] }');
    const { code, stdout } = await revoke('ended', '--dir', '.');
    expect(code).to.equal(0);
    expect(stdout).to.include('ended, until it expires');
    expect((await cli.run(['revocations', '--dir', '.'])).stdout).to.equal('Nothing is revoked.\n');
  });

  it('answers in JSON', async () => {
    const { jti } = payloadOf(await generate());
    expect(JSON.parse((await revoke(String(jti), '--json')).stdout)).to.have.keys(['tokenId', 'expiresAt']);
    expect(JSON.parse((await revoke('7f6c2f0e-7f3c-4b57-9d8e-2d1f4ce8a1b1', '--json')).stdout)).to.have.keys([
      'tokenId',
    ]);
    expect(JSON.parse((await revoke('orders-service', '--json')).stdout)).to.have.keys(['service', 'issuedBefore']);
  });

  const REFUSED: readonly (readonly [args: readonly string[], says: string])[] = [
    [['ordres-service'], "'orders-service'"],
    [['sales'], "'sales-service'"],
    [['not-a-token-id'], 'service-auth tokens'],
    [[''], 'service-auth tokens'],
    [['7f6c2f0e-7f3c-4b57-9d8e-2d1f4ce8a1b0', '--issued-before', 'now'], '--issued-before'],
    [['orders-service', '--issued-before', '2999-01-01T00:00:00Z'], 'future'],
    [['eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl'], 'verify -'],
    [[' ', '--token-id'], 'neither'],
    [['orders-service', '--issued-before', 'yesterday'], '--issued-before'],
    [[], 'token-id'],
  ];
  for (const [args, says] of REFUSED) {
    it(`refuses ${JSON.stringify(args)} and revokes nothing`, async () => {
      const { code, stdout, stderr } = await revoke(...args);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.include(says);
      expect(await listed()).to.deep.equal([]);
    });
  }

  it('forgets tokens that have ended, and keeps those that are in use', async () => {
    const now = Math.floor(Date.now() / 1000);
    const revocations = [
      { tokenId: 'ended', expiresAt: now - 90_000 },
      { tokenId: 'yesterday', expiresAt: now - 80_000 },
      { tokenId: 'alive', expiresAt: now + 100 },
    ];
    cli.write('revocations.json', JSON.stringify({ version: 1, revocations }));
    expect((await cli.run(['revoke', 'orders-service', '--dir', '.'])).code).to.equal(0);
    expect(cli.read('revocations.json')).to.include('alive').and.to.include('yesterday').and.not.to.include('ended');
  });

  it('leaves a damaged list as it is', async () => {
    for (const text of ['', '{', '{"version":1}', '{"version":1,"revocations":[{"tokenID":"x"}]}']) {
      cli.write('revocations.json', text);
      const { code, stderr } = await cli.run(['revoke', 'orders-service', '--dir', '.']);
      expect(code).to.equal(1);
      expect(stderr).to.include('revocations.json');
      expect(cli.read('revocations.json')).to.equal(text);
    }
  });

  it('says that nothing is revoked', async () => {
    expect((await cli.run(['revocations'])).stdout).to.equal('Nothing is revoked.\n');
  });
});
