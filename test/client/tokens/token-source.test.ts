import { expect } from 'chai';
import { tokenFromEnv } from '../../../lib/client/tokens/token-source.js';
import { isTokenMissing } from '../../../lib/client/tokens/token-text.js';
import { opaqueToken, setEnvironment } from '../support.js';
import { BAD_TOKENS, refusalOf, tokenOf } from './tokens.js';

describe('tokenFromEnv', () => {
  let restore: () => void;
  beforeEach(() => {
    restore = setEnvironment({ SERVICE_TOKEN: undefined, BILLING_TOKEN: undefined });
  });
  afterEach(() => {
    restore();
  });

  it('reads SERVICE_TOKEN, each time anew', () => {
    const source = tokenFromEnv();
    for (const token of [tokenOf(), opaqueToken()]) {
      process.env['SERVICE_TOKEN'] = token;
      expect(source.get()).to.equal(token);
    }
  });

  it('reads the variable that it is told to, and is called for it', () => {
    const token = tokenOf();
    process.env['BILLING_TOKEN'] = token;
    const source = tokenFromEnv('BILLING_TOKEN');
    expect(source.get()).to.equal(token);
    expect(source.name).to.equal('BILLING_TOKEN');
    expect(tokenFromEnv().name).to.equal('SERVICE_TOKEN');
  });

  it('says at once, and by name, that the variable is not set', () => {
    for (const act of [() => tokenFromEnv('BILLING_TOKEN').get(), () => tokenFromEnv('BILLING_TOKEN').check?.()]) {
      const error = refusalOf(act);
      expect(error)
        .to.include({ setting: 'BILLING_TOKEN' })
        .and.property('message')
        .to.match(/^BILLING_TOKEN is not set/);
      expect(isTokenMissing(error)).to.equal(true);
    }
  });

  for (const [index, token] of BAD_TOKENS.entries()) {
    it(`refuses bad token no. ${index}, ${JSON.stringify(token.slice(0, 15))}…, without quoting it`, () => {
      // The environment of a process holds no NUL.
      process.env['SERVICE_TOKEN'] = token.replaceAll('\u0000', '\u0001');
      const error = refusalOf(() => tokenFromEnv().get());
      expect(error.setting).to.equal('SERVICE_TOKEN');
      expect(error.message).not.to.contain('secret-tok');
      expect(isTokenMissing(error)).to.equal(false);
    });
  }

  for (const name of ['', null, 7, {}]) {
    it(`refuses ${JSON.stringify(name)} as a name`, () => {
      expect(refusalOf(() => tokenFromEnv(name as string)).setting).to.equal('name');
    });
  }

  it('refuses a token as a name, without quoting it', () => {
    const token = opaqueToken();
    const { setting, message } = refusalOf(() => tokenFromEnv(token));
    expect(setting).to.equal('name');
    expect(message.includes(token.slice(0, 20)), 'a piece of the token').to.equal(false);
  });
});
