import { createHmac, createSecretKey, randomUUID } from 'node:crypto';
import { Buffer } from 'node:buffer';
import { randomSecret } from '../harness/random-secret.js';

/** The claims of a service token, as this package mints them. */
export function serviceClaims(service, lifetimeSeconds = 3600) {
  const issuedAt = Math.floor(Date.now() / 1000);
  return {
    sub: service,
    user_id: service,
    service,
    type: 'service',
    is_service: true,
    role: 'admin',
    email: `${service}@internal.service`,
    iat: issuedAt,
    exp: issuedAt + lifetimeSeconds,
    jti: randomUUID(),
  };
}

/** One secret for the process, in the forms that libraries take. */
export function secretForms() {
  const text = process.env.BENCH_SECRET ?? randomSecret();
  return { text, key: createSecretKey(Buffer.from(text)) };
}

/**
 * Signs by hand, so that peers and ours are given the same tokens.
 *
 * @param {object} claims
 * @param {string} secret
 * @param {object} [header] beside `alg` and `typ`
 */
export function signByHand(claims, secret, header = {}) {
  const text = [{ alg: 'HS256', typ: 'JWT', ...header }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/**
 * Strings as a server gets them: made anew from bytes each time, so that no hash of theirs is known yet.
 *
 * @param {readonly string[]} texts
 * @returns {() => string} the next one, in turn
 */
export function freshStrings(texts) {
  const all = Buffer.from(texts.join(''), 'latin1');
  const ends = [];
  let end = 0;
  for (const { length } of texts) ends.push((end += length));
  let at = 0;
  let start = 0;
  return () => {
    if (at === ends.length) at = start = 0;
    const text = all.latin1Slice(start, ends[at]);
    start = ends[at];
    at += 1;
    return text;
  };
}
