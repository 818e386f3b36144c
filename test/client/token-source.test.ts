import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readTokenSource } from '../../lib/client/read-token-source.js';
import { tokenFromEnv } from '../../lib/client/token-source.js';
import { ConfigurationError } from '../../lib/shared/errors.js';
import { memoryLogger, opaqueToken, setEnvironment } from './support.js';

const logger = memoryLogger();
const unset = { SERVICE_TOKEN: undefined, SERVICE_TOKEN_FILE: undefined, BILLING_TOKEN: undefined };

function refusal(act: () => unknown): ConfigurationError {
  try {
    act();
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigurationError);
    return error as ConfigurationError;
  }
  throw new Error('expected a refusal');
}

const BAD_TOKENS: readonly string[] = [
  '',
  ' ',
  '\n',
  'secret-token ',
  ' secret-token',
  'secret-token\n',
  'secret-token\r\nx-user-id: 1',
  'Bearer secret-token',
  'secret-token\u0000',
  'secret-token\u007f',
  'secret-tok\u00e9n',
  'secret-token\u200b',
  'secret-token名',
  'secret-token'.repeat(1000),
];

describe('tokenFromEnv', () => {
  let restore: () => void;
  beforeEach(() => {
    restore = setEnvironment(unset);
  });
  afterEach(() => {
    restore();
  });

  it('reads SERVICE_TOKEN, each time anew', () => {
    const source = tokenFromEnv();
    process.env['SERVICE_TOKEN'] = 'first';
    expect(source.get()).to.equal('first');
    process.env['SERVICE_TOKEN'] = 'second';
    expect(source.get()).to.equal('second');
  });

  it('reads the variable that it is told to', () => {
    process.env['BILLING_TOKEN'] = 'billing';
    expect(tokenFromEnv('BILLING_TOKEN').get()).to.equal('billing');
  });

  it('says at once, and by name, that the variable is not set', () => {
    for (const act of [() => tokenFromEnv('BILLING_TOKEN').get(), () => tokenFromEnv('BILLING_TOKEN').check?.()]) {
      expect(refusal(act))
        .to.include({ setting: 'BILLING_TOKEN' })
        .and.property('message')
        .to.match(/^BILLING_TOKEN is not set/);
    }
  });

  for (const token of BAD_TOKENS) {
    it(`refuses ${JSON.stringify(token.slice(0, 30))} without quoting it`, () => {
      // The environment of a process holds no NUL.
      process.env['SERVICE_TOKEN'] = token.replaceAll('\u0000', '\u0001');
      const { setting, message } = refusal(() => tokenFromEnv().get());
      expect(setting).to.equal('SERVICE_TOKEN');
      expect(message).not.to.contain('secret-tok');
    });
  }

  for (const name of ['', null, 7, {}]) {
    it(`refuses ${JSON.stringify(name)} as a name`, () => {
      expect(refusal(() => tokenFromEnv(name as string)).setting).to.equal('name');
    });
  }
});

describe('readTokenSource', () => {
  let restore: () => void;
  let folder: string;
  beforeEach(() => {
    restore = setEnvironment(unset);
    folder = mkdtempSync(join(tmpdir(), 'service-auth-'));
  });
  afterEach(() => {
    restore();
    rmSync(folder, { recursive: true });
  });

  it('takes a token', async () => {
    const token = opaqueToken();
    expect(await readTokenSource(token, logger).get()).to.equal(token);
  });

  for (const token of BAD_TOKENS) {
    it(`refuses the token ${JSON.stringify(token.slice(0, 30))} without quoting it`, () => {
      const { setting, message } = refusal(() => readTokenSource(token, logger));
      expect(setting).to.equal('token');
      expect(message).not.to.contain('secret-tok');
    });
  }

  it('takes a source of anybody', () => {
    const source = { get: () => 'token' };
    expect(readTokenSource(source, logger)).to.equal(source);
  });

  it('asks a source at once whether it can work', () => {
    const check = (): void => {
      throw new ConfigurationError('somewhere', 'is empty.');
    };
    expect(refusal(() => readTokenSource({ get: () => 'token', check }, logger)).setting).to.equal('somewhere');
  });

  for (const token of [null, 7, true, {}, [], { token: 'a' }, { get: 'a' }]) {
    it(`refuses ${JSON.stringify(token)}, which is neither`, () => {
      expect(refusal(() => readTokenSource(token, logger)).setting).to.equal('token');
    });
  }

  it('reads SERVICE_TOKEN where it is given nothing', async () => {
    process.env['SERVICE_TOKEN'] = 'from-env';
    expect(await readTokenSource(undefined, logger).get()).to.equal('from-env');
  });

  it('prefers SERVICE_TOKEN_FILE', async () => {
    process.env['SERVICE_TOKEN'] = 'from-env';
    process.env['SERVICE_TOKEN_FILE'] = join(folder, 'token');
    writeFileSync(join(folder, 'token'), ' from-file\n');
    expect(await readTokenSource(undefined, logger).get()).to.equal('from-file');
  });

  it('says that neither is set', () => {
    expect(refusal(() => readTokenSource(undefined, logger)).message)
      .to.contain('SERVICE_TOKEN')
      .and.contain('SERVICE_TOKEN_FILE');
  });

  for (const name of ['SERVICE_TOKEN', 'SERVICE_TOKEN_FILE']) {
    it(`refuses an empty ${name}`, () => {
      process.env['SERVICE_TOKEN'] = 'from-env';
      process.env[name] = '';
      expect(refusal(() => readTokenSource(undefined, logger)).setting).to.equal(name);
    });
  }

  it('refuses a SERVICE_TOKEN_FILE that is missing, and never falls back', () => {
    process.env['SERVICE_TOKEN'] = 'from-env';
    process.env['SERVICE_TOKEN_FILE'] = join(folder, 'missing');
    expect(refusal(() => readTokenSource(undefined, logger)).message)
      .to.contain('SERVICE_TOKEN_FILE')
      .and.contain('ENOENT');
  });

  it('does not quote a SERVICE_TOKEN_FILE that is the token itself', () => {
    const token = opaqueToken();
    process.env['SERVICE_TOKEN_FILE'] = token;
    expect(refusal(() => readTokenSource(undefined, logger)).message).not.to.contain(token);
  });
});
