import { expect } from 'chai';
import { findToken, type FoundToken } from '../../../lib/cli/doctor/find-token.js';
import { newSecret } from '../../support/keys.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import { createTestCli, type TestCli } from '../cli.js';

const quiet = { write: () => true };

describe('findToken', () => {
  let cli: TestCli;
  beforeEach(() => {
    cli = createTestCli();
  });
  afterEach(() => {
    cli.remove();
  });

  async function* piped(text: string): AsyncGenerator<string> {
    yield await Promise.resolve(text);
  }
  const find = (env: Readonly<Record<string, string>>, tokenFile?: string, stdin = ''): Promise<FoundToken> =>
    findToken({ stdin: piped(stdin), stdout: quiet, stderr: quiet, env, cwd: cli.directory }, tokenFile);

  it('takes the file of the option before that of the variable, and that before the variable', async () => {
    cli.write('a', 'of-option\r\n');
    cli.write('b', '\uFEFFof-file');
    const env = { SERVICE_TOKEN_FILE: 'b', SERVICE_TOKEN: ' of-variable' };
    expect(await find(env, 'a')).to.deep.equal({ source: '--token-file (a)', text: 'of-option' });
    expect(await find(env)).to.deep.equal({ source: 'SERVICE_TOKEN_FILE (b)', text: 'of-file' });
    expect(await find({ SERVICE_TOKEN: ' of-variable' })).to.deep.equal({
      source: 'SERVICE_TOKEN',
      text: ' of-variable',
    });
  });

  it('takes what is piped', async () => {
    expect(await find({}, '-', 'piped\n')).to.deep.equal({ source: 'standard input', text: 'piped' });
    expect(await find({}, '-'))
      .to.include({ source: 'standard input' })
      .and.to.have.property('missing');
  });

  const MISSING: readonly (readonly [env: Readonly<Record<string, string>>, missing: RegExp])[] = [
    [{}, /^Neither SERVICE_TOKEN_FILE nor SERVICE_TOKEN is set/],
    [{ SERVICE_TOKEN: '' }, /^SERVICE_TOKEN is set but empty/],
    [{ SERVICE_TOKEN_FILE: '', SERVICE_TOKEN: 'x' }, /^SERVICE_TOKEN_FILE is set but empty/],
    [{ SERVICE_TOKEN_FILE: 'nowhere' }, /^SERVICE_TOKEN_FILE names nowhere, which cannot be read \(ENOENT\)/],
    [{ SERVICE_TOKEN_FILE: '.' }, /EISDIR/],
    [{ SERVICE_TOKEN_FILE: 'empty' }, /names empty, which is empty/],
    [{ SERVICE_TOKEN_FILE: 'a\0b' }, /ERR_INVALID_ARG_VALUE/],
  ];
  for (const [env, missing] of MISSING) {
    it(`says what is missing with ${JSON.stringify(env)}`, async () => {
      cli.write('empty', ' \n');
      const found = await find(env);
      expect('missing' in found && found.missing).to.match(missing);
      expect('remedy' in found && found.remedy).to.include('service-auth generate');
    });
  }

  it('shows no path that may be a secret', async () => {
    const secret = newSecret();
    expectNoPieceOf(secret, JSON.stringify(await find({ SERVICE_TOKEN_FILE: secret })));
  });
});
