import { again } from '../harness/micro-table.js';
import { loadBuilt } from '../harness/package-under-test.js';
import { randomSecret } from '../harness/random-secret.js';
import { freshStrings, secretForms } from './tokens.js';

const { text: secret } = secretForms();

/** What grows, and how far. */
export const CALLERS = [1, 100, 10_000];
export const PREVIOUS_KEYS = [1, 10, 100];
export const REVOCATIONS = [0, 10_000, 1_000_000];

/** The names of the rows of one thing that grows, smallest first. */
export const named = {
  callers: (count) => `hot, ${count} callers`,
  lookUp: (count) => `Map look-up, ${count} strings`,
  keys: (count) => `in full, ${count} previous keys, kid named`,
  keysHot: (count) => `hot, ${count} previous keys, kid named`,
  revocations: (count) => `hot, ${count} revocations`,
  revocationsFull: (count) => `in full, ${count} revocations`,
};

/** Rows of the table. */
export const rows = {
  ...Object.fromEntries(
    CALLERS.flatMap((count) => [
      [named.callers(count), () => withCallers(count)],
      [named.lookUp(count), () => lookUp(count)],
    ]),
  ),
  [again(named.callers(1))]: () => withCallers(1),
  ...Object.fromEntries(
    PREVIOUS_KEYS.flatMap((count) => [
      [named.keys(count), () => withKeys(count, 0)],
      [named.keysHot(count), () => withKeys(count, 10_000)],
    ]),
  ),
  [again(named.keys(1))]: () => withKeys(1, 0),
  [again(named.keysHot(1))]: () => withKeys(1, 10_000),
  ...Object.fromEntries(
    REVOCATIONS.flatMap((count) => [
      [named.revocations(count), () => withRevocations(count, 10_000)],
      [named.revocationsFull(count), () => withRevocations(count, 0)],
    ]),
  ),
  [again(named.revocations(0))]: () => withRevocations(0, 10_000),
  [again(named.revocationsFull(0))]: () => withRevocations(0, 0),
};

async function withCallers(count) {
  const { createTokenVerifier } = await loadBuilt('shared');
  const { verify } = createTokenVerifier({ keys: secret });
  return verifying(verify, await mintedBy(count, secret));
}

/** As many strings as there are tokens, so that what memory costs is seen apart from what we do. */
async function lookUp(count) {
  const known = new Map((await mintedBy(count, secret)).map((token) => [token, { token }]));
  return verifying((token) => known.get(token), [...known.keys()]);
}

/** Tokens of the oldest key, which name it. */
async function withKeys(count, cacheSize) {
  const { createTokenVerifier } = await loadBuilt('shared');
  const previous = Array.from({ length: count }, randomSecret);
  const { verify } = createTokenVerifier({ keys: { current: secret, previous }, cacheSize });
  return verifying(verify, await mintedBy(500, previous.at(-1)));
}

async function withRevocations(count, cacheSize) {
  const { createRevocationList, createTokenVerifier } = await loadBuilt('shared');
  const revocations = createRevocationList();
  const expiresAt = Math.floor(Date.now() / 1000) + 86_400;
  for (let i = 0; i < count; i++) revocations.revokeToken(`revoked-${i}-5f0c2c1e-7d3b`, { expiresAt });
  const { verify } = createTokenVerifier({ keys: secret, revocations, cacheSize });
  const tokens = await mintedBy(501, secret);
  const doomed = tokens.pop();
  revocations.revokeToken(verify(doomed).jti, { expiresAt });
  if (!isRefused(verify, doomed)) throw new Error('A revoked token was accepted.');
  return verifying(verify, tokens);
}

/** Minted by the package itself, so that each names its key. */
async function mintedBy(count, signedWith) {
  const { createKeyRing, createServiceToken } = await loadBuilt('shared');
  const keys = createKeyRing({ current: signedWith });
  return Array.from({ length: count }, (_, i) => createServiceToken(`service-${i}`, { keys, expiresInSeconds: 3600 }));
}

function isRefused(verify, token) {
  try {
    verify(token);
    return false;
  } catch {
    return true;
  }
}

function verifying(verify, tokens) {
  for (const token of tokens) if (verify(token) === undefined) throw new Error('A good token was refused.');
  const next = freshStrings(tokens);
  return (count) => {
    for (let i = 0; i < count; i++) if (verify(next()) === undefined) throw new Error('A good token was refused.');
  };
}
