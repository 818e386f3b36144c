import { Buffer } from 'node:buffer';
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createVerifier } from 'fast-jwt';
import { jwtVerify } from 'jose';
import jwt from 'jsonwebtoken';
import { loadBuilt } from '../harness/package-under-test.js';
import { again } from '../harness/micro-table.js';
import { freshStrings, secretForms, serviceClaims, signByHand } from './tokens.js';

const TOKENS = 500;
const AUDIENCE = 'orders-service';
const { text: secret, key } = secretForms();

/** Rows of the table: what makes each ready, and then runs it `count` times. */
export const rows = {
  'make the string': () => sync((token) => token.length > 0),
  'Map look-up': mapLookUp,
  [again('Map look-up')]: mapLookUp,
  'ours, hot': async () => verifying(await ourVerifier()),
  'fast-jwt, keyed by whole token': () =>
    verifying(createVerifier({ ...FAST, cache: true, cacheKeyBuilder: (t) => t })),
  'fast-jwt, cached': () => verifying(createVerifier({ ...FAST, cache: true })),
  'HMAC and JSON.parse': () => verifying(verifyByHand),
  'ours, in full': async () => verifying(await ourVerifier({ cacheSize: 0 })),
  [again('ours, in full')]: async () => verifying(await ourVerifier({ cacheSize: 0 })),
  'fast-jwt, uncached': () => verifying(createVerifier(FAST)),
  'jsonwebtoken, KeyObject': () => verifying(withJsonwebtoken(key)),
  [again('jsonwebtoken, KeyObject')]: () => verifying(withJsonwebtoken(key)),
  'jsonwebtoken, string': () => verifying(withJsonwebtoken(secret)),
  jose: () => {
    const next = freshStrings(goodTokens());
    return async (count) => {
      for (let i = 0; i < count; i++) await jwtVerify(next(), key, { algorithms: ['HS256'] });
    };
  },
  'ours, forged signature': async () => refusing(await ourVerifier(), forged(), 'invalid_token'),
  'jsonwebtoken, KeyObject, forged': () => refusing(withJsonwebtoken(key), forged()),
  'ours, garbage text': async () => refusing(await ourVerifier(), garbage(), 'invalid_token'),
  'ours, garbage in three parts': async () => refusing(await ourVerifier(), dottedGarbage(), 'invalid_token'),
  'ours, garbage with a good header': async () => refusing(await ourVerifier(), headedGarbage(), 'invalid_token'),
  'ours, 100 kB': async () => refusing(await ourVerifier(), ['x'.repeat(100_000)], 'invalid_token'),
  'ours, revoked': async () => {
    const { createRevocationList } = await loadBuilt('shared');
    const revocations = createRevocationList();
    const tokens = goodTokens((claims) => revocations.revokeToken(claims.jti));
    return refusing(await ourVerifier({ revocations }), tokens, 'token_revoked');
  },
};

const FAST = { key: secret, algorithms: ['HS256'] };

/** With all that is usually asked: audience, time, and a list of 1,000 revocations. */
async function ourVerifier(options = {}) {
  const { createRevocationList, createTokenVerifier } = await loadBuilt('shared');
  const revocations = createRevocationList();
  for (let i = 0; i < 1000; i++) revocations.revokeToken(`revoked-${i}`);
  revocations.revokeService('former-service');
  return createTokenVerifier({ keys: secret, audience: AUDIENCE, revocations, ...options }).verify;
}

function goodTokens(note = () => undefined) {
  return Array.from({ length: TOKENS }, (_, i) => {
    const claims = { ...serviceClaims(`service-${i}`), aud: AUDIENCE };
    note(claims);
    return signByHand(claims, secret);
  });
}

function forged() {
  return goodTokens().map((token) => token.replace(/[^.]+$/, randomBytes(32).toString('base64url')));
}

function garbage() {
  return goodTokens().map(({ length }) => randomBytes(length).toString('base64url').slice(0, length));
}

function dottedGarbage() {
  return goodTokens().map((token) =>
    token
      .split('.')
      .map(({ length }) => randomBytes(length).toString('base64url').slice(0, length))
      .join('.'),
  );
}

function headedGarbage() {
  return goodTokens().map((token, i) => token.replace(/\..*$/, `.${dottedGarbage()[i].split('.').slice(1).join('.')}`));
}

const withJsonwebtoken = (material) => (token) =>
  jwt.verify(token, material, { algorithms: ['HS256'], audience: AUDIENCE });

function verifyByHand(token) {
  const end = token.lastIndexOf('.');
  const signature = createHmac('sha256', key).update(token.slice(0, end)).digest();
  if (!timingSafeEqual(signature, Buffer.from(token.slice(end + 1), 'base64url'))) throw new Error('forged');
  return JSON.parse(Buffer.from(token.slice(token.indexOf('.') + 1, end), 'base64url').toString());
}

function mapLookUp() {
  const known = new Map(goodTokens().map((token) => [token, { token }]));
  const next = freshStrings([...known.keys()]);
  return loop(() => known.get(next()) !== undefined);
}

function sync(operation) {
  const next = freshStrings(goodTokens());
  return loop(() => operation(next()));
}

/** Accepts every token, and says whose it is; refuses a forged one: else the row would measure something else. */
function verifying(verify) {
  const tokens = goodTokens();
  tokens.forEach((token, i) => {
    if (verify(token).service !== `service-${i}`) throw new Error('Another caller came out.');
  });
  if (!isRefused(verify, forged()[0])) throw new Error('A forged token was accepted.');
  const next = freshStrings(tokens);
  return loop(() => verify(next()) !== undefined);
}

function refusing(verify, tokens, code) {
  if (!tokens.every((token) => isRefused(verify, token, code))) throw new Error(`A token is not refused as ${code}.`);
  if (verify(signByHand({ ...serviceClaims('twin'), aud: AUDIENCE }, secret)).service !== 'twin') throw new Error('?');
  const next = freshStrings(tokens);
  return loop(() => isRefused(verify, next()));
}

function isRefused(verify, token, code) {
  try {
    verify(token);
    return false;
  } catch (error) {
    return code === undefined || error.code === code;
  }
}

function loop(operation) {
  return (count) => {
    for (let i = 0; i < count; i++) if (!operation()) throw new Error('The row does not do what it is called.');
  };
}
