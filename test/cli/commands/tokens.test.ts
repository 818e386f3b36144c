import { expect } from 'chai';
import { expectNoPieceOf } from '../../support/refusals.js';
import { type CliResult, createTestCli, payloadOf, type TestCli } from '../cli.js';

const DAY = 24 * 60 * 60;

describe('service-auth tokens', () => {
  let cli: TestCli;
  beforeEach(() => {
    cli = createTestCli();
  });
  afterEach(() => {
    cli.remove();
  });

  const generate = async (service: string, days: number): Promise<Readonly<Record<string, unknown>>> =>
    payloadOf((await cli.run(['generate', service, '--days', String(days)])).stdout);
  const due = (time: string, ...args: readonly string[]): Promise<CliResult> =>
    cli.run(['tokens', '--expiring', time, ...args]);

  /** Writes an inventory as if it had been made some time ago. */
  const writeInventory = (lines: readonly object[]): void => {
    cli.write('tokens.json', JSON.stringify({ version: 1, tokens: lines }));
    cli.write('revocations.json', '{ "version": 1, "revocations": [] }');
  };
  const line = (tokenId: string, fromNow: number): object => {
    const expiresAt = Math.floor(Date.now() / 1000) + fromNow;
    return { service: 'orders-service', tokenId, keyId: 'k', issuedAt: expiresAt - DAY, expiresAt };
  };

  it('lists service, token id, key id, issued, expires, days left and status; never the token', async () => {
    const token = (await cli.run(['generate', 'orders-service', '--days', '30'])).stdout.trimEnd();
    const { stdout } = await cli.run(['tokens']);
    const [head, first] = stdout.split('\n');
    expect(head).to.match(/^SERVICE +TOKEN ID +KEY ID +ISSUED +EXPIRES +DAYS LEFT +STATUS$/);
    expect(first).to.match(/^orders-service +[\w-]{36} +[\w-]{12} +20\S+Z +20\S+Z +30 +active$/);
    expect(first).to.include(String(payloadOf(token)['jti']));
    expectNoPieceOf(token, stdout);
  });

  it('says that nothing was issued yet', async () => {
    const { code, stdout, stderr } = await cli.run(['tokens']);
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: 'Nothing was issued yet.\n' });
    // Perhaps it is only another directory than yesterday.
    expect(stderr).to.equal(
      `Warning: there is no ${cli.path('.service-auth')}. Run this where it is, or name it by --dir or SERVICE_AUTH_DIR.\n`,
    );
    expect((await cli.run(['tokens', '--json'])).stdout).to.equal('[]\n');
  });

  it('sorts by service and then by time', async () => {
    for (const [service, days] of [
      ['pos-service', 9],
      ['auth-service', 5],
      ['pos-service', 3],
    ] as const)
      await generate(service, days);
    const lines = JSON.parse((await cli.run(['tokens', '--json'])).stdout) as { service: string; daysLeft: number }[];
    expect(lines.map(({ service, daysLeft }) => [service, daysLeft])).to.deep.equal([
      ['auth-service', 5],
      ['pos-service', 9],
      ['pos-service', 3],
    ]);
  });

  it('tells what has expired and what is revoked, and forgets what expired long ago', async () => {
    writeInventory([
      line('long-ago', -91 * DAY),
      line('expired', -89 * DAY),
      line('active', DAY * 2),
      line('revoked', DAY * 2),
    ]);
    await cli.run(['revoke', 'revoked', '--dir', '.']);
    const lines = JSON.parse((await cli.run(['tokens', '--json', '--dir', '.'])).stdout) as {
      tokenId: string;
      status: string;
    }[];
    expect(lines.map(({ tokenId, status }) => `${tokenId} ${status}`)).to.have.members([
      'expired expired',
      'active active',
      'revoked revoked',
    ]);
    const { stdout } = await cli.run(['tokens', '--dir', '.']);
    expect(stdout)
      .to.match(/expired .* - +expired$/m)
      .and.to.match(/active .* 2 +active$/m);
  });

  describe('--expiring', () => {
    it('exits with 1 and lists what is due', async () => {
      await generate('orders-service', 10);
      await generate('sales-service', 300);
      const { code, stdout, stderr } = await due('30d');
      expect(code).to.equal(1);
      expect(stdout).to.include('orders-service').and.not.to.include('sales-service');
      expect(stderr).to.match(/^service-auth: One token is due\./);
      expect((await due('301d')).stderr).to.match(/2 tokens are due/);
    });

    it('is silent where nothing is due, as cron mails every word; a terminal is told', async () => {
      await generate('orders-service', 31);
      expect(await due('30d')).to.deep.equal({ code: 0, stdout: '', stderr: '' });
      expect((await cli.run(['tokens', '--expiring', '30d'], { terminal: true })).stdout).to.equal(
        'No token is due.\n',
      );
      expect((await due('30d', '--json')).stdout).to.equal('[]\n');
    });

    it('counts neither revoked nor expired tokens', async () => {
      const { jti } = await generate('orders-service', 10);
      expect((await due('30d')).code).to.equal(1);
      await cli.run(['revoke', String(jti)]);
      expect((await due('30d')).code).to.equal(0);
      writeInventory([line('expired', -DAY)]);
      expect((await due('30d', '--dir', '.')).code).to.equal(0);
    });

    it('takes hours', async () => {
      await generate('orders-service', 1);
      expect((await due('23h')).code).to.equal(0);
      expect((await due('25h')).code).to.equal(1);
    });
  });

  it('leaves a damaged inventory as it is, and says which file it is', async () => {
    const DAMAGED = [
      '',
      '{',
      '[]',
      'null',
      '{"version":2,"tokens":[]}',
      '{"version":1,"tokens":[{}]}',
      '{"version":1,"tokens":[null]}',
    ];
    for (const text of DAMAGED) {
      cli.write('tokens.json', text);
      for (const args of [['tokens'], ['generate', 'orders-service']]) {
        const { code, stdout, stderr } = await cli.run([...args, '--dir', '.']);
        expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
        expect(stderr).to.include('tokens.json');
        expect(cli.read('tokens.json')).to.equal(text);
      }
    }
    writeInventory([]);
    expect((await cli.run(['generate', 'orders-service', '--dir', '.'])).code).to.equal(0);
  });
});
