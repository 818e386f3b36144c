import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { assertionKeysFromRing } from '../../lib/shared/assertion-keys.js';
import { signAssertion } from '../../lib/shared/gateway-assertion.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { createServiceToken, createTokenVerifier } from '../../lib/shared/token.js';
import { createTokenChecker } from '../../lib/shared/token-checker.js';
import { newSecret } from '../support/keys.js';
import { needsPython } from '../support/needs-program.js';

const MINT = `
import sys, json, datetime, jwt
given = json.load(sys.stdin)
now = datetime.datetime.now(datetime.timezone.utc)
name = given['service']
claims = {'sub': name, 'user_id': name, 'service': name, 'type': 'service', 'is_service': True, 'role': 'admin',
          'email': f'{name}@internal.service', 'iat': now, 'exp': now + datetime.timedelta(days=365)}
token = jwt.encode(claims, given['secret'], algorithm='HS256')
print(token if isinstance(token, str) else token.decode())
`;

const VERIFY = `
import sys, json, jwt
given = json.load(sys.stdin)
try:
    print(json.dumps(jwt.decode(given['token'], given['secret'], algorithms=['HS256'], options={'verify_aud': False})))
except jwt.PyJWTError as error:
    print(json.dumps({'error': type(error).__name__}))
`;

let interpreter: string;

function python(program: string, input: object): { readonly stdout: string } {
  return spawnSync(interpreter, ['-c', program], { input: JSON.stringify(input), encoding: 'utf8' });
}

function verified(token: string, secret: string): Record<string, unknown> {
  return JSON.parse(python(VERIFY, { token, secret }).stdout) as Record<string, unknown>;
}

describe('interoperation with PyJWT', () => {
  const secret = newSecret();
  const ring = createKeyRing({ current: secret });
  before(function () {
    interpreter = needsPython(this, 'jwt');
  });

  it('takes what the predecessor mints: no jti, no kid', () => {
    const token = python(MINT, { service: 'orders-service', secret }).stdout.trim();
    const claims = createTokenVerifier({ keys: ring }).verify(token);
    expect(claims).to.include({
      type: 'service',
      service: 'orders-service',
      role: 'admin',
      email: 'orders-service@internal.service',
    });
    expect(claims).to.have.all.keys('sub', 'user_id', 'service', 'type', 'is_service', 'role', 'email', 'iat', 'exp');
  });

  it('mints what the predecessor takes', () => {
    const claims = verified(createServiceToken('orders-service', { keys: ring }), secret);
    expect(claims).to.include({ sub: 'orders-service', type: 'service', is_service: true });
    expect(verified(createServiceToken('orders-service', { keys: ring }), newSecret())).to.deep.equal({
      error: 'InvalidSignatureError',
    });
  });

  it('makes assertions that the secret of the tokens does not verify', () => {
    const policy = {
      keys: ring,
      issuers: undefined,
      audiences: null,
      clockToleranceSeconds: 5,
      maxLifetimeSeconds: Infinity,
    };
    const checker = createTokenChecker({ ...policy, requiredClaims: [], revocations: undefined, cacheSize: 0 });
    const { caller } = checker.check(createServiceToken('orders-service', { keys: ring }));
    const keys = assertionKeysFromRing(ring, false);
    const { text } = signAssertion(caller, 'orders-service', 'gateway', keys);
    expect(verified(text, secret)).to.deep.equal({ error: 'InvalidSignatureError' });
  });
});
