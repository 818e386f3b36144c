import { expect } from 'chai';
import { newSecret } from '../support/keys.js';
import { expectNoPieceOf } from '../support/refusals.js';
import { shown } from '../support/shown.js';
import { createTestCli, type TestCli } from './cli.js';

const COMMANDS: readonly (readonly string[])[] = [
  [],
  ['generate'],
  ['verify'],
  ['services'],
  ['keys'],
  ['keys', 'generate'],
  ['keys', 'list'],
  ['keys', 'derive'],
  ['keys', 'rotate'],
  ['keys', 'drop'],
  ['tokens'],
  ['revoke'],
  ['revocations'],
  ['delete-tenant'],
  ['doctor'],
  ['smoke'],
  ['gateway'],
];

describe('the command line', () => {
  let cli: TestCli;
  beforeEach(() => {
    cli = createTestCli();
  });
  afterEach(() => {
    cli.remove();
  });

  for (const command of COMMANDS) {
    it(`service-auth ${[...command, '--help'].join(' ')} shows an example`, async () => {
      const { code, stdout, stderr } = await cli.run([...command, '--help']);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(stdout)
        .to.match(/^Usage: service-auth /)
        .and.to.match(/^Example.*:\n {2}.*service-auth /m);
    });
  }

  it('tells its version', async () => {
    expect(await cli.run(['--version'])).to.deep.include({ code: 0, stdout: '0.1.0\n' });
  });

  it('shows help, as an error, where no command is given', async () => {
    for (const args of [[], ['keys']]) {
      const { code, stdout, stderr } = await cli.run(args);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      expect(stderr).to.match(/^Usage: /);
    }
  });

  // X7
  describe('is wrong (exit code 2, nothing on stdout) with', () => {
    const WRONG: readonly (readonly string[])[] = [
      ['nonsense'],
      ['keys', 'nonsense'],
      ['generate', 'orders-service', '--nonsense'],
      ['generate', 'orders-service', '--secret', 'x'],
      ['generate', 'orders-service', '--days'],
      ['generate', 'orders-service', '--days', '3', '--days', '4'],
      ['generate', 'orders-service', '--json', '--json'],
      ['generate', 'orders-service', '--keys', 'a', '--keys', 'b'],
      ['generate', 'orders-service', '--format', 'yaml'],
      ['generate', 'orders-service', 'sales-service'],
      ['generate', '--', '--days'],
      ['tokens', '--expiring'],
      ['delete-tenant'],
      ['delete-tenant', '7'],
      ['delete-tenant', '7', '--resume'],
      ['delete-tenant', '7', '--preview', '--preview'],
      ['delete-tenant', '7', '--confirm', '7', '--confirm', '7'],
      ['revoke'],
      ['keys', 'derive'],
    ];
    for (const args of WRONG) {
      it(args.join(' '), async () => {
        const { code, stdout, stderr } = await cli.run(args);
        expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
        expect(stderr).to.match(/^(?:error|service-auth): /);
        expect(cli.everything()).to.equal('');
      });
    }
  });

  it('takes arguments after --', async () => {
    expect((await cli.run(['generate', '--', 'orders-service'])).code).to.equal(0);
  });

  // X4
  describe('--days', () => {
    const WRONG = [
      '',
      '0',
      '-1',
      '1.5',
      '1e9',
      'Infinity',
      'NaN',
      '0x10',
      '१',
      '30d',
      ' 30 ',
      '3651',
      '03',
      '+3',
      '9'.repeat(400),
    ];
    for (const days of WRONG) {
      it(`refuses ${shown(days)}`, async () => {
        const { code, stdout, stderr } = await cli.run(['generate', 'orders-service', `--days=${days}`]);
        expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
        expect(stderr).to.include('from 1 to 3650');
      });
    }
    for (const days of ['1', '30', '3650']) {
      it(`takes ${days}`, async () => {
        expect((await cli.run(['generate', 'orders-service', `--days=${days}`])).code).to.equal(0);
      });
    }
  });

  describe('other values', () => {
    const TABLE: readonly (readonly [
      command: readonly string[],
      option: string,
      right: readonly string[],
      wrong: readonly string[],
    ])[] = [
      [
        ['tokens'],
        '--expiring',
        ['0d', '30d', '12h', '87600h'],
        ['', '30', 'd', '30D', '1w', '-1d', '1.5d', '87601h', '99999999999999999d', '30d '],
      ],
      [
        ['revoke', 'orders-service'],
        '--issued-before',
        ['now', '1795600000', '2026-11-25T12:00:00Z', '2026-11-25T12:00+01:00', '2026-11-25T12:00:00.5Z'],
        [
          '',
          'Now',
          '0',
          '-5',
          '2026-11-25',
          '2026-11-25T12:00:00',
          '2026-13-25T12:00:00Z',
          '25.11.2026',
          '1e9',
          '999999999999',
        ],
      ],
      [['generate', 'orders-service'], '--scope', ['a', 'a b:c'], ['', ' a', 'a  b', 'a\nb', 'ä', 'a'.repeat(3000)]],
      [
        ['generate', 'orders-service'],
        '--audience',
        ['a', 'orders-service,sales-service'],
        ['', 'a,', 'a, b', 'a\u202eb', Array.from({ length: 33 }, (_, i) => `s${i}`).join(',')],
      ],
      [
        ['generate', 'orders-service', '--format', 'kubernetes'],
        '--namespace',
        ['a', 'bakery-ia', 'a'.repeat(63)],
        ['', 'A', 'a b', '-a', 'a-', 'a.b', 'a\nb', 'a'.repeat(64)],
      ],
    ];
    for (const [command, option, right, wrong] of TABLE) {
      for (const value of right) {
        it(`${option} takes ${shown(value)}`, async () => {
          const { code, stderr } = await cli.run([...command, `${option}=${value}`]);
          expect(code, stderr).to.equal(0);
        });
      }
      for (const value of wrong) {
        it(`${option} refuses ${shown(value)}`, async () => {
          const { code, stdout, stderr } = await cli.run([...command, `${option}=${value}`]);
          expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
          expect(stderr).to.include(option);
          expect(stderr).not.to.include('\u202e');
        });
      }
    }
  });

  // X5
  describe('a service called', () => {
    const NAMES = [
      '',
      '__proto__',
      'constructor',
      'toString',
      'a b',
      '../x',
      'x'.repeat(300),
      'a\0b',
      'a\nb',
      '\u001b[31mred',
      'ａ',
      '-',
    ];
    for (const name of NAMES) {
      it(`${shown(name)} is refused, and printed as text`, async () => {
        for (const command of [['generate'], ['keys', 'derive'], ['revoke']]) {
          const { code, stdout, stderr } = await cli.run([...command, '--', name]);
          expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
          expect(stderr).to.match(/^service-auth: \P{C}+\n$/u);
        }
      });
    }
  });

  // X3
  it('warns of a secret that goes to a file which everybody can read', async () => {
    for (const args of [
      ['generate', 'orders-service'],
      ['keys', 'generate'],
      ['keys', 'derive', 'orders-service'],
    ]) {
      expect((await cli.run(args, { fileMode: 0o100644 })).stderr).to.match(/^(?:Made .*\n)?Warning: every user/);
      expect((await cli.run(args, { fileMode: 0o100600 })).stderr).not.to.include('Warning');
    }
    expect((await cli.run(['services'], { fileMode: 0o100644 })).stderr).to.equal('');
  });

  it('shows nothing that was typed and may be a secret', async () => {
    const secret = newSecret();
    const token = `eyJhbGciOiJIUzI1NiJ9.${secret}.${secret}`;
    const TYPED: readonly (readonly string[])[] = [
      [secret],
      ['keys', secret],
      [`--key=${secret}`],
      ['generate', secret],
      ['generate', token],
      ['generate', 'orders-service', '--days', secret],
      ['generate', 'orders-service', '--format', secret],
      ['generate', 'orders-service', '--dir', `services.json/${secret}`],
      ['keys', 'drop', secret, '--keys', 'keys.json'],
      ['keys', 'derive', secret],
      ['keys', 'rotate', '--keys', JSON.stringify({ current: { key: secret.repeat(5) } })],
      ['keys', 'list', '--keys', secret],
      ['revoke', token],
      ['revoke', secret],
    ];
    cli.write('keys.json', JSON.stringify({ current: newSecret() }));
    cli.write('services.json', '[{ "name": "orders-service" }]');
    for (const args of TYPED) {
      const { code, stdout, stderr } = await cli.run(args);
      expect({ stdout, isRefused: code !== 0 }).to.deep.equal({ stdout: '', isRefused: true });
      expectNoPieceOf(secret, stderr);
    }
    cli.write('odd.json', JSON.stringify({ [secret]: 'current' }));
    expectNoPieceOf(secret, (await cli.run(['keys', 'list', '--keys', 'odd.json'])).stderr);
  });

  it('shows what was typed and is no option as text, too', async () => {
    const { code, stderr } = await cli.run(['generate', '--\u001b[31mred']);
    expect(code).to.equal(2);
    expect(stderr).to.include('\\u{1b}[31mred').and.not.to.include('\u001b');
  });

  it('refuses --redis-prefix where there is no Redis', async () => {
    for (const args of [['tokens'], ['tokens', '--dir', 'store']]) {
      const { code, stderr } = await cli.run([...args, '--redis-prefix', 'mine:']);
      expect(code).to.equal(2);
      expect(stderr).to.include('--redis-prefix');
    }
  });

  // X1
  it('says what to do where there is no key', async () => {
    for (const args of [
      ['generate', 'orders-service'],
      ['keys', 'list'],
      ['keys', 'derive', 'orders-service'],
      ['verify', '-'],
    ]) {
      const { code, stdout, stderr } = await cli.run(args, { env: { JWT_SECRET_KEY: undefined } });
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr).to.match(/^service-auth: JWT_SECRET_KEY is not set.*keys rotate.*\n$/);
      expect(stderr).not.to.include('    at ');
    }
  });

  // X2
  describe('a secret that is', () => {
    const WEAK: readonly (readonly [what: string, secret: string])[] = [
      ['empty', ''],
      ['short', 'short'],
      ['one character over and over', 'a'.repeat(64)],
      ['white space', ' '.repeat(40)],
      ['a placeholder', 'your-super-secret-key-change-in-production'],
      ['in white space', `  ${newSecret()}`],
      ['a pattern', 'abcdefghijklmnopqrstuvwxyz0123456789'],
    ];
    for (const [what, secret] of WEAK) {
      it(`${what} is refused and not shown`, async () => {
        const { code, stdout, stderr } = await cli.run(['generate', 'orders-service'], {
          env: { JWT_SECRET_KEY: secret },
        });
        expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
        expect(stderr).to.include('JWT_SECRET_KEY');
        if (secret.trim().length > 12) expectNoPieceOf(secret.trim(), stderr);
      });
    }
  });

  // X9
  describe('a key file that is', () => {
    const FILES: readonly (readonly [what: string, name: string])[] = [
      ['missing', 'nowhere.json'],
      ['empty', 'empty'],
      ['a directory without keys', '.'],
      ['no JSON', 'text'],
      ['encrypted', 'encrypted.json'],
      ['public instead of private', 'public.json'],
    ];
    for (const [what, name] of FILES) {
      it(`${what} is a clear error`, async () => {
        cli.write('empty', '');
        cli.write('text', newSecret());
        cli.write(
          'encrypted.json',
          JSON.stringify({
            current: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----',
          }),
        );
        const pem = (await cli.run(['keys', 'generate', '--algorithm', 'ES256', '--json'])).stdout;
        cli.write('public.json', JSON.stringify({ current: (JSON.parse(pem) as { publicKey: string }).publicKey }));
        const { code, stdout, stderr } = await cli.run(['keys', 'list', '--keys', name]);
        expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
        expect(stderr).to.match(/^service-auth: .*--keys.*\n$/);
        expectNoPieceOf(cli.read('text'), stderr);
      });
    }
  });
});
