import { expect } from 'chai';
import { judgeSettings } from '../../../lib/cli/doctor/settings-step.js';
import type { Environment } from '../../../lib/shared/settings.js';

const judge = (env: Environment, more: { keysError?: string; hasKeys?: boolean; hasToken?: boolean } = {}) =>
  judgeSettings({ env, keysError: undefined, hasKeys: false, hasToken: true, ...more });

describe('judgeSettings', () => {
  const WELL: readonly Environment[] = [
    {},
    { SERVICE_TOKEN: 'x', SERVICE_NAME: 'orders-service', REDIS_URL: 'redis://redis:6379', LOG_LEVEL: 'warn' },
    { GATEWAY_ASSERTION_KEY: 'a,b' },
    { ORDERS_SERVICE_HOST: '10.0.0.1', PATH: '/bin', ['x'.repeat(50)]: 'x', SERVICE_TOKENS: undefined },
  ];
  for (const env of WELL) {
    it(`finds nothing wrong with ${Object.keys(env).join(', ') || 'nothing'}`, () => {
      expect(judge(env).status).to.equal('passed');
    });
  }

  const WRONG: readonly (readonly [env: Environment, seen: RegExp, remedy: RegExp])[] = [
    [{ SERVICE_TOKEN: '' }, /SERVICE_TOKEN is set but empty/, /remove/],
    [{ REDIS_URL: ' ' }, /REDIS_URL is set but empty/, /remove/],
    [{ SERVICE_NAME: 'Orders_Service' }, /^SERVICE_NAME must be/, /Set SERVICE_NAME right/],
    [{ REDIS_URL: 'http://redis' }, /^REDIS_URL must be/, /REDIS_URL/],
    [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL must be/, /LOG_LEVEL/],
    [{ GATEWAY_ASSERTION_KEY: 'a,,b' }, /^GATEWAY_ASSERTION_KEY has/, /GATEWAY_ASSERTION_KEY/],
    [{ GATEWAY_ASSERTION_KEY: 'a', GATEWAY_ASSERTION_KEY_FILE: 'b' }, /both set; the file counts/, /Remove/],
    [
      { JWT_SECRET: 'x' },
      /JWT_SECRET is set, which nothing reads; JWT_SECRET_KEY is not/,
      /Rename JWT_SECRET to JWT_SECRET_KEY/,
    ],
    [{ JWT_SECRET_KEYS: 'x' }, /JWT_SECRET_KEYS/, /to JWT_SECRET_KEY\./],
    [{ jwt_secret_key: 'x' }, /jwt_secret_key/, /to JWT_SECRET_KEY\./],
    [{ JWT_SECRET_KEY_FILE: 'x' }, /JWT_SECRET_KEY_FILE/, /to JWT_KEYS_FILE/],
    [{ SERVICE_AUTH_DIRS: 'x' }, /SERVICE_AUTH_DIRS/, /to SERVICE_AUTH_DIR\./],
  ];
  for (const [env, seen, remedy] of WRONG) {
    it(`names ${Object.keys(env).join(', ')} with ${JSON.stringify(Object.values(env))}`, () => {
      const found = judge(env);
      expect(found.status === 'failed' && found.seen).to.match(seen);
      expect(found.status === 'failed' && found.remedy).to.match(remedy);
      expect(found.isBeside).to.equal(true);
    });
  }

  it('takes a name for a slip only where the right one is not there, and is needed', () => {
    expect(judge({ JWT_SECRET: 'x', JWT_SECRET_KEY: 'y' }).status).to.equal('passed');
    expect(judge({ JWT_SECRET: 'x' }, { hasKeys: true }).status).to.equal('passed');
    expect(judge({ SERVICE_TOKENS: 'x' }, { hasToken: true }).status).to.equal('passed');
    expect(judge({ constructor: 'x' }).status).to.equal('passed');
  });

  it('breaks the request where it is why there is no token', () => {
    for (const env of [{ SERVICE_TOKENS: 'x' }, { SERVICE_TOKEN: '' }, { SERVICE_TOKEN_PATH: 'x' }]) {
      const found = judge(env, { hasToken: false });
      expect(found).to.include({ status: 'failed' }).and.not.to.have.property('isBeside');
    }
    expect(judge({ JWT_SECRET: 'x' }, { hasToken: false }).isBeside).to.equal(true);
  });

  it('tells why keys cannot be used, once', () => {
    const seen = (env: Environment, keysError: string): unknown =>
      (judge(env, { keysError }) as { readonly seen?: string }).seen;
    expect(seen({}, 'JWT_SECRET_KEY is too short.')).to.equal('JWT_SECRET_KEY is too short.');
    expect(seen({ JWT_SECRET_KEY: '' }, 'JWT_SECRET_KEY is set but empty. Do this.')).to.equal(
      'JWT_SECRET_KEY is set but empty.',
    );
    const remedy = (keysError: string): unknown => (judge({}, { keysError }) as { readonly remedy?: string }).remedy;
    expect(remedy('--keys names a file that cannot be read.')).to.match(/path of the key file/);
    expect(remedy('JWT_SECRET_KEY is too short.')).to.match(/keys generate/);
  });
});
