import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { firstOf } from '../../../lib/client/tokens/first-of.js';
import { readTokenSource } from '../../../lib/client/tokens/read-token-source.js';
import { tokenKeeperOf } from '../../../lib/client/tokens/token-keeper.js';
import { ConfigurationError } from '../../../lib/shared/errors.js';
import { memoryLogger, opaqueToken, setEnvironment } from '../support.js';
import { BAD_TOKENS, refusalOf, tokenEndingIn, tokenOf } from './tokens.js';

const logger = memoryLogger();
const unset = { SERVICE_TOKEN: undefined, SERVICE_TOKEN_FILE: undefined };
const fromEnv = tokenOf();

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

  it('takes a token that has expired, which fails where it is used', () => {
    const source = readTokenSource(tokenEndingIn(-1), logger);
    expect(source.name).to.equal('token');
    expect(() => tokenKeeperOf(source).get()).to.throw('token gives a token that expired at ');
  });

  it('takes an expired token of the environment, which may be another when it is used', () => {
    process.env['SERVICE_TOKEN'] = tokenEndingIn(-1);
    const source = readTokenSource(undefined, logger);
    expect(() => tokenKeeperOf(source).get()).to.throw('SERVICE_TOKEN gives a token that expired at ');
    const token = tokenOf();
    process.env['SERVICE_TOKEN'] = token;
    expect(tokenKeeperOf(source).get()).to.equal(token);
  });

  for (const [index, token] of BAD_TOKENS.entries()) {
    it(`refuses bad token no. ${index}, ${JSON.stringify(token.slice(0, 15))}…, without quoting it`, () => {
      const { setting, message } = refusalOf(() => readTokenSource(token, logger));
      expect(setting).to.equal('token');
      expect(message).not.to.contain('secret-tok');
    });
  }

  it('takes a source of anybody', () => {
    const source = { get: () => tokenOf() };
    expect(readTokenSource(source, logger)).to.equal(source);
  });

  it('asks a source at once whether it can work', () => {
    const check = (): void => {
      throw new ConfigurationError('somewhere', 'is empty.');
    };
    expect(refusalOf(() => readTokenSource({ get: () => tokenOf(), check }, logger)).setting).to.equal('somewhere');
  });

  for (const token of [null, 7, true, {}, [], { token: 'a' }, { get: 'a' }]) {
    it(`refuses ${JSON.stringify(token)}, which is neither`, () => {
      expect(refusalOf(() => readTokenSource(token, logger)).setting).to.equal('token');
    });
  }

  it('reads SERVICE_TOKEN where it is given nothing', async () => {
    process.env['SERVICE_TOKEN'] = fromEnv;
    expect(await readTokenSource(undefined, logger).get()).to.equal(fromEnv);
  });

  it('prefers SERVICE_TOKEN_FILE', async () => {
    process.env['SERVICE_TOKEN'] = fromEnv;
    process.env['SERVICE_TOKEN_FILE'] = join(folder, 'token');
    const fromFile = tokenOf();
    writeFileSync(join(folder, 'token'), ` ${fromFile}\n`);
    const source = readTokenSource(undefined, logger);
    expect(await source.get()).to.equal(fromFile);
    expect(source.name).to.equal(`tokenFromFile(${join(folder, 'token')})`);
  });

  it('says that neither is set', () => {
    expect(refusalOf(() => readTokenSource(undefined, logger)).message)
      .to.contain('SERVICE_TOKEN')
      .and.contain('SERVICE_TOKEN_FILE');
  });

  for (const name of ['SERVICE_TOKEN', 'SERVICE_TOKEN_FILE']) {
    it(`refuses an empty ${name}`, () => {
      process.env['SERVICE_TOKEN'] = fromEnv;
      process.env[name] = '';
      expect(refusalOf(() => readTokenSource(undefined, logger)).setting).to.equal(name);
    });
  }

  it('refuses a SERVICE_TOKEN_FILE that is missing, and never falls back', () => {
    process.env['SERVICE_TOKEN'] = fromEnv;
    process.env['SERVICE_TOKEN_FILE'] = join(folder, 'missing');
    expect(refusalOf(() => readTokenSource(undefined, logger)).message)
      .to.contain('SERVICE_TOKEN_FILE')
      .and.contain('ENOENT');
  });

  it('does not quote a SERVICE_TOKEN_FILE that is the token itself', () => {
    const token = opaqueToken();
    process.env['SERVICE_TOKEN_FILE'] = token;
    expect(refusalOf(() => readTokenSource(undefined, logger)).message).not.to.contain(token);
  });

  it('gives firstOf the logger of the client', () => {
    const lines = memoryLogger();
    const source = firstOf({ name: 'empty', get: () => '' }, { get: () => tokenOf() });
    void readTokenSource(source, lines).get();
    expect(lines.lines).to.have.length(1);
  });
});
