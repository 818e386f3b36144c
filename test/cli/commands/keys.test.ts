import { createPublicKey } from 'node:crypto';
import { expect } from 'chai';
import { deriveAssertionKey } from '../../../lib/shared/assertion-keys.js';
import { ALGORITHMS } from '../../../lib/shared/key.js';
import { keyRingFromFile } from '../../../lib/shared/key-ring-file.js';
import { createKeyRing } from '../../../lib/shared/key-ring.js';
import { newEcPair, newSecret } from '../../support/keys.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import { type CliResult, createTestCli, type TestCli } from '../cli.js';

describe('service-auth keys', () => {
  let cli: TestCli;
  beforeEach(() => {
    cli = createTestCli();
  });
  afterEach(() => {
    cli.remove();
  });

  const ok = async (args: readonly string[], options = {}): Promise<CliResult> => {
    const result = await cli.run(['keys', ...args], options);
    expect(result.code, result.stderr).to.equal(0);
    return result;
  };
  const refused = async (code: number, args: readonly string[], options = {}): Promise<string> => {
    const result = await cli.run(['keys', ...args], options);
    expect(result).to.include({ code, stdout: '' });
    return result.stderr;
  };
  const list = async (...args: readonly string[]): Promise<readonly Record<string, unknown>[]> =>
    JSON.parse((await ok(['list', '--json', ...args])).stdout) as Record<string, unknown>[];

  describe('generate', () => {
    it('writes a strong secret and nothing else', async () => {
      const { stdout, stderr } = await ok(['generate']);
      expect(stdout).to.match(/^[\w-]{64}\n$/);
      const { current } = createKeyRing({ current: stdout.trim() }).snapshot();
      expect(stderr).to.include(current?.kid);
      expectNoPieceOf(stdout.trim(), stderr);
      expect((await ok(['generate'])).stdout).not.to.equal(stdout);
    });

    for (const algorithm of ALGORITHMS) {
      it(`makes a key for ${algorithm} that a ring takes as it is`, async function () {
        // Primes take their time.
        this.timeout(180_000);
        const { stdout } = await ok(['generate', '--algorithm', algorithm]);
        const { current } = createKeyRing({ current: stdout.trim(), algorithm }).snapshot();
        expect(current).to.include({ algorithm });
        if (!algorithm.startsWith('HS')) {
          const [, publicHalf] = /(-----BEGIN PUBLIC KEY-----[^]+)$/.exec(stdout) ?? [];
          expect(createPublicKey(String(publicHalf)).asymmetricKeyType).to.equal(
            algorithm.startsWith('ES') ? 'ec' : 'rsa',
          );
          expect(createKeyRing({ previous: String(publicHalf), algorithm }).snapshot().keys[0]?.kid).to.equal(
            current?.kid,
          );
        }
      });
    }

    it('writes the public half into a file of its own, never over another one', async () => {
      const { stdout } = await ok(['generate', '--algorithm', 'ES256', '--public-out', 'public.pem']);
      expect(stdout).not.to.include('PUBLIC');
      const ring = createKeyRing({ current: stdout });
      expect(createKeyRing({ previous: cli.read('public.pem') }).snapshot().keys[0]?.kid).to.equal(
        ring.snapshot().current?.kid,
      );
      const before = cli.read('public.pem');
      await refused(1, ['generate', '--algorithm', 'ES256', '--public-out', 'public.pem']);
      expect(cli.read('public.pem')).to.equal(before);
      await refused(1, ['generate', '--public-out', 'other.pem']);
      expect(await refused(1, ['generate', '--algorithm', 'ES256', '--public-out', 'nowhere/public.pem'])).to.include(
        'ENOENT',
      );
    });

    it('says the same as JSON', async () => {
      const secret = JSON.parse((await ok(['generate', '--json'])).stdout) as Record<string, string>;
      expect(createKeyRing({ current: String(secret['secret']) }).snapshot().current?.kid).to.equal(secret['keyId']);
      const pair = JSON.parse((await ok(['generate', '--json', '--algorithm', 'ES384'])).stdout) as Record<
        string,
        string
      >;
      expect(Object.keys(pair)).to.have.members(['keyId', 'algorithm', 'privateKey', 'publicKey']);
    });

    it('tells the key id below the key on a terminal', async () => {
      const { stdout, stderr } = await ok(['generate'], { terminal: true });
      expect(stdout).to.match(/^[\w-]{64}\n\nKey id [\w-]{12}, HS256\. .*\n$/);
      expect(stderr).to.equal('');
    });

    // X7
    it('knows no algorithm none', async () => {
      for (const name of ['none', 'hs256', 'EdDSA', ''])
        expect(await refused(2, ['generate', '--algorithm', name])).to.include('HS256');
    });
  });

  describe('list', () => {
    it('shows ids, algorithms and uses, never a key', async () => {
      const [old, bound, pair] = [newSecret(), newSecret(), newEcPair()];
      const keys = {
        current: cli.secret,
        previous: [old, pair.publicPem, { key: bound, service: 'pos-service', kid: 'mine' }],
      };
      cli.write('keys.json', JSON.stringify(keys));
      const { stdout } = await ok(['list', '--keys', 'keys.json']);
      const lines = stdout.trimEnd().split('\n');
      expect(lines[0]).to.match(/^KEY ID +ALGORITHM +USE +FOR$/);
      expect(lines[1]).to.match(/HS256 +signs and verifies +any service$/);
      expect(lines[2]).to.match(/HS256 +verifies +any service$/);
      expect(lines[3]).to.match(/ES256 +verifies +any service$/);
      expect(lines[4]).to.match(/^mine +HS256 +verifies +pos-service$/);
      for (const key of [cli.secret, old, bound]) expectNoPieceOf(key, stdout);
      expect((await list('--keys', 'keys.json')).map(({ signs }) => signs)).to.deep.equal([true, false, false, false]);
    });

    it('reads JWT_KEYS_FILE before JWT_SECRET_KEY, and --keys before both', async () => {
      const names = ['a', 'b'] as const;
      for (const kid of names) cli.write(`${kid}.json`, JSON.stringify({ current: { key: newSecret(), kid } }));
      const kids = async (args: readonly string[], env: Record<string, string>): Promise<unknown> =>
        (JSON.parse((await ok(['list', '--json', ...args], { env })).stdout) as { kid: string }[]).map(
          ({ kid }) => kid,
        );
      expect(await kids(['--keys', 'a.json'], { JWT_KEYS_FILE: 'b.json' })).to.deep.equal(['a']);
      expect(await kids([], { JWT_KEYS_FILE: 'b.json' })).to.deep.equal(['b']);
      const { current } = createKeyRing({ current: cli.secret }).snapshot();
      expect(await kids([], {})).to.deep.equal([current?.kid]);
    });

    // X3
    it('warns of a key file that every user of the machine can read', async () => {
      const text = JSON.stringify({ current: newSecret() });
      cli.write('open.json', text, 0o644);
      cli.write('closed.json', text, 0o640);
      expect((await ok(['list', '--keys', 'open.json'])).stderr).to.match(/^Warning: .*open\.json.*chmod 600/);
      expect((await ok(['list', '--keys', 'closed.json'])).stderr).to.equal('');
    });
  });

  describe('derive', () => {
    it('writes the assertion key of the current secret', async () => {
      const { stdout, stderr } = await ok(['derive', 'orders-service']);
      expect(stdout.trimEnd()).to.equal(deriveAssertionKey('orders-service', { keys: cli.secret }));
      expect(stderr).to.match(/^This is a secret\. /);
      expectNoPieceOf(stdout.trimEnd(), stderr);
      expectNoPieceOf(cli.secret, stdout + stderr);
    });

    it('says below the key on a terminal what it is for', async () => {
      const { stdout, stderr } = await ok(['derive', 'orders-service'], { terminal: true });
      expect(stdout).to.match(/^[\w-]{43}\n\nThis is a secret\. /);
      expect(stderr).to.equal('');
    });

    it('writes one of each secret for a rotation, the current one first', async () => {
      const [old, pair] = [newSecret(), newEcPair()];
      cli.write(
        'keys.json',
        JSON.stringify({ current: cli.secret, previous: [pair.publicPem, old, { key: newSecret(), service: 'a' }] }),
      );
      const { stdout } = await ok(['derive', 'orders-service', '--all', '--keys', 'keys.json']);
      const expected = [cli.secret, old].map((keys) => deriveAssertionKey('orders-service', { keys }));
      expect(stdout.trimEnd().split('\n')).to.deep.equal(expected);
      const json = JSON.parse(
        (await ok(['derive', 'orders-service', '--all', '--keys', 'keys.json', '--json'])).stdout,
      ) as { keys: { key: string }[] };
      expect(json.keys.map(({ key }) => key)).to.deep.equal(expected);
    });

    it('derives from a longer hash the same as a gateway does', async () => {
      const keys = { current: { key: cli.secret, algorithm: 'HS512' as const, kid: 'mine' } };
      cli.write('keys.json', JSON.stringify(keys));
      const { stdout } = await ok(['derive', 'orders-service', '--keys', 'keys.json']);
      expect(stdout.trimEnd()).to.equal(deriveAssertionKey('orders-service', { keys }));
    });

    it('derives nothing where the current key is a pair, but from the secret of before where it is asked for all', async () => {
      const pair = newEcPair();
      cli.write('keys.json', JSON.stringify({ current: pair.privatePem, previous: [cli.secret] }));
      expect(await refused(1, ['derive', 'orders-service', '--keys', 'keys.json'])).to.include('--all');
      await ok(['derive', 'orders-service', '--keys', 'keys.json', '--all']);
      cli.write('keys.json', JSON.stringify({ current: pair.privatePem }));
      for (const all of [[], ['--all']]) {
        expect(await refused(1, ['derive', 'orders-service', '--keys', 'keys.json', ...all])).not.to.include('--all');
      }
    });

    it('knows the names of services', async () => {
      expect(await refused(2, ['derive', 'orders'])).to.include("'orders-service'");
    });
  });

  describe('rotate and drop', () => {
    const kids = async (): Promise<readonly unknown[]> => (await list('--keys', 'keys.json')).map(({ kid }) => kid);

    it('make a key file, put a new key in front and take old ones out, while a ring follows', async () => {
      const { stdout } = await ok(['rotate', '--keys', 'keys.json']);
      expect(cli.mode('keys.json')).to.equal(0o600);
      const [first] = await kids();
      expect(stdout).to.include(String(first));
      const ring = keyRingFromFile(cli.path('keys.json'));
      try {
        expect((await ok(['rotate', '--keys', 'keys.json'])).stdout).to.include(`keys drop `);
        const [second, ...rest] = await kids();
        expect(rest).to.deep.equal([first]);
        expect(ring.refresh()).to.equal(true);
        expect(ring.snapshot().current?.kid).to.equal(second);
        await ok(['drop', '--keys', 'keys.json', '--', String(first)]);
        expect(await kids()).to.deep.equal([second]);
        ring.refresh();
        expect(ring.snapshot().keys.map(({ kid }) => kid)).to.deep.equal([second]);
      } finally {
        ring.close();
      }
    });

    it('move to another algorithm and keep what each key is for', async () => {
      const [bound, named] = [newSecret(), newSecret()];
      const keys = {
        algorithm: 'HS384',
        current: { key: cli.secret, kid: 'first' },
        previous: [bound && { key: bound, service: 'pos-service' }, named],
      };
      cli.write('keys.json', JSON.stringify(keys), 0o640);
      const before = await list('--keys', 'keys.json');
      await ok(['rotate', '--keys', 'keys.json', '--algorithm', 'ES256']);
      const [current, ...rest] = await list('--keys', 'keys.json');
      expect(current).to.include({ algorithm: 'ES256', signs: true });
      expect(rest.map(({ signs: _, ...other }) => other)).to.deep.equal(before.map(({ signs: _, ...other }) => other));
      expect(cli.mode('keys.json')).to.equal(0o640);
      // The next one is of the current key's algorithm.
      await ok(['rotate', '--keys', 'keys.json']);
      expect((await list('--keys', 'keys.json'))[0]).to.include({ algorithm: 'ES256' });
    });

    it('take a single previous key, and a ring that only verifies', async () => {
      cli.write('keys.json', JSON.stringify({ previous: cli.secret }));
      await ok(['rotate', '--keys', 'keys.json']);
      expect(await kids()).to.have.length(2);
    });

    it('name the file by JWT_KEYS_FILE as well', async () => {
      await ok(['rotate'], { env: { JWT_KEYS_FILE: 'keys.json' } });
      expect(await kids()).to.have.length(1);
      expect(await refused(2, ['rotate'])).to.include('--keys');
      expect(await refused(2, ['drop', 'x'])).to.include('--keys');
    });

    it('leave a broken file as it is, and a directory alone', async () => {
      for (const text of [
        '{',
        '',
        JSON.stringify({ current: 'short' }),
        JSON.stringify({ current: cli.secret, previous: [cli.secret] }),
      ]) {
        cli.write('keys.json', text);
        await refused(1, ['rotate', '--keys', 'keys.json']);
        expect(cli.read('keys.json')).to.equal(text);
      }
      expect(await refused(1, ['rotate', '--keys', '.'])).to.include('rotation.md');
    });

    it('read a file that begins with a byte order mark', async () => {
      cli.write('keys.json', `\uFEFF${JSON.stringify({ current: cli.secret })}\r\n`);
      await ok(['rotate', '--keys', 'keys.json']);
      expect(await kids()).to.have.length(2);
    });

    it('drop neither the current key nor one that is not there', async () => {
      await ok(['rotate', '--keys', 'keys.json']);
      const [current] = await kids();
      const before = cli.read('keys.json');
      expect(await refused(1, ['drop', '--keys', 'keys.json', '--', String(current)])).to.include('current key');
      expect(await refused(1, ['drop', 'nobody', '--keys', 'keys.json'])).to.include('nobody');
      expect(cli.read('keys.json')).to.equal(before);
    });

    it('answer in JSON', async () => {
      const rotate = async (): Promise<Record<string, string>> =>
        JSON.parse((await ok(['rotate', '--keys', 'keys.json', '--json'])).stdout) as Record<string, string>;
      const first = await rotate();
      expect(first).to.have.keys('keyId', 'algorithm');
      const second = await rotate();
      expect(second).to.include({ algorithm: 'HS256', previousKeyId: first['keyId'] });
      const { stdout } = await ok(['drop', '--json', '--keys', 'keys.json', '--', String(first['keyId'])]);
      expect(JSON.parse(stdout)).to.deep.equal({ keyId: first['keyId'] });
    });

    it('show how to drop a key whose id looks like an option', async () => {
      cli.write('keys.json', JSON.stringify({ current: { key: cli.secret, kid: '-x' } }));
      expect((await ok(['rotate', '--keys', 'keys.json'])).stdout).to.include("keys drop -- -x'");
      await ok(['drop', '--keys', 'keys.json', '--', '-x']);
    });

    it('go on speaking for one service only, where the file did', async () => {
      cli.write('keys.json', JSON.stringify({ current: { key: cli.secret, service: 'pos-service' } }));
      await ok(['rotate', '--keys', 'keys.json']);
      expect((await list('--keys', 'keys.json')).map(({ service }) => service)).to.deep.equal([
        'pos-service',
        'pos-service',
      ]);
    });

    it('say where a file was made that was not there, and make no directory', async () => {
      expect((await ok(['rotate', '--keys', 'keys.json'])).stderr).to.equal(
        `Made ${cli.path('keys.json')}, which was not there.\n`,
      );
      expect((await ok(['rotate', '--keys', 'keys.json'])).stderr).to.equal('');
      expect(await refused(1, ['rotate', '--keys', 'nowhere/keys.json'])).to.include('directory');
    });

    it('tell which tokens are refused with a key that is dropped', async () => {
      await ok(['rotate', '--keys', 'keys.json']);
      await cli.run(['generate', 'orders-service', '--keys', 'keys.json']);
      await cli.run(['generate', 'sales-service', '--keys', 'keys.json']);
      await ok(['rotate', '--keys', 'keys.json']);
      await ok(['rotate', '--keys', 'keys.json']);
      const [, unused, used] = await kids();
      expect((await ok(['drop', '--keys', 'keys.json', '--', String(unused)])).stderr).to.equal('');
      await cli.run(['generate', 'pos-service', '--keys', 'keys.json']);
      expect((await ok(['drop', '--keys', 'keys.json', '--', String(used)])).stderr).to.match(
        /^Refused with it: 2 tokens .* orders-service, sales-service\.\n$/,
      );
    });

    it('tell of the one token that is refused with a key', async () => {
      await ok(['rotate', '--keys', 'keys.json']);
      await cli.run(['generate', 'orders-service', '--keys', 'keys.json']);
      await ok(['rotate', '--keys', 'keys.json']);
      const { stderr } = await ok(['drop', '--keys', 'keys.json', '--', String((await kids())[1])]);
      expect(stderr).to.equal('Refused with it: one token of the inventory, of orders-service.\n');
    });

    it('drop a key although the inventory cannot be read', async () => {
      await ok(['rotate', '--keys', 'keys.json']);
      await ok(['rotate', '--keys', 'keys.json']);
      cli.write('tokens.json', '{');
      const { stderr } = await ok(['drop', '--dir', '.', '--keys', 'keys.json', '--', String((await kids())[1])]);
      expect(stderr).to.include('cannot be read');
    });

    it('show no command that a key id makes another one', async () => {
      cli.write('keys.json', JSON.stringify({ current: { key: cli.secret, kid: '$(id)' } }));
      expect((await ok(['rotate', '--keys', 'keys.json'])).stdout).to.include('keys drop ITS_ID');
    });

    it('warn of a key file that every user of the machine can read', async () => {
      cli.write('keys.json', JSON.stringify({ current: cli.secret }), 0o644);
      expect((await ok(['rotate', '--keys', 'keys.json'])).stderr).to.match(/^Warning: every user/);
    });

    it('print no key', async () => {
      const printed: string[] = [];
      for (let i = 0; i < 3; i++) {
        const { stdout, stderr } = await ok(['rotate', '--keys', 'keys.json']);
        printed.push(stdout, stderr);
      }
      const { current, previous } = JSON.parse(cli.read('keys.json')) as {
        current: { key: string };
        previous: { key: string }[];
      };
      for (const { key } of [current, ...previous]) expectNoPieceOf(key, printed.join());
    });
  });
});
