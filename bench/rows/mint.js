import { createSigner } from 'fast-jwt';
import { SignJWT } from 'jose';
import jwt from 'jsonwebtoken';
import { loadBuilt } from '../harness/package-under-test.js';
import { again } from '../harness/micro-table.js';
import { secretForms, serviceClaims } from './tokens.js';

const SERVICE = 'tenant-deletion-orchestrator';
const { text: secret, key } = secretForms();

/** Rows of the table: all make a token of the same claims. */
export const rows = {
  'jsonwebtoken, KeyObject': () => minting(() => jwt.sign(serviceClaims(SERVICE), key, { keyid: 'k' })),
  [again('jsonwebtoken, KeyObject')]: () => minting(() => jwt.sign(serviceClaims(SERVICE), key, { keyid: 'k' })),
  ours: async () => {
    const { createKeyRing, createServiceToken } = await loadBuilt('shared');
    const keys = createKeyRing({ current: secret });
    return minting(() => createServiceToken(SERVICE, { keys, expiresInSeconds: 3600 }));
  },
  'jsonwebtoken, string': () => minting(() => jwt.sign(serviceClaims(SERVICE), secret, { keyid: 'k' })),
  'fast-jwt': () => {
    const sign = createSigner({ key: secret, algorithm: 'HS256', kid: 'k' });
    return minting(() => sign(serviceClaims(SERVICE)));
  },
  jose: () => async (count) => {
    for (let i = 0; i < count; i++) {
      await new SignJWT(serviceClaims(SERVICE)).setProtectedHeader({ alg: 'HS256', kid: 'k' }).sign(key);
    }
  },
};

function minting(mint) {
  const claims = jwt.verify(mint(), key, { algorithms: ['HS256'] });
  if (claims.service !== SERVICE || claims.exp - claims.iat !== 3600 || claims.jti === undefined) {
    throw new Error('The row makes another token.');
  }
  return (count) => {
    for (let i = 0; i < count; i++) if (mint().length < 100) throw new Error('The row makes no token.');
  };
}
