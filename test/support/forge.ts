import { constants, createHmac, type KeyObject, sign } from 'node:crypto';

/** Encodes a part of a JWT: text and bytes as they are, anything else as JSON. */
export function encodePart(part: unknown): string {
  const raw = typeof part === 'string' || part instanceof Uint8Array ? part : JSON.stringify(part);
  return Buffer.from(raw as string).toString('base64url');
}

/** Reads a part of a JWT that a test knows to be good. */
export function decodePart(token: string, index: 0 | 1): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

/** Signs, by hand, whatever `input` is: with no opinion on header, claims or key. */
export function signature(algorithm: string, key: KeyObject | string | Buffer, input: string): Buffer {
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('HS')) return createHmac(hash, key).update(input).digest();
  const data = Buffer.from(input);
  if (algorithm.startsWith('ES')) return sign(hash, data, { key: key as KeyObject, dsaEncoding: 'ieee-p1363' });
  if (algorithm.startsWith('RS')) return sign(hash, data, key);
  return sign(hash, data, {
    key: key as KeyObject,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  });
}

/** Makes a JWT by hand, signed with `algorithm` whatever its header says. */
export function forge(
  key: KeyObject | string | Buffer,
  header: unknown,
  payload: unknown,
  algorithm = 'HS256',
): string {
  const input = `${encodePart(header)}.${encodePart(payload)}`;
  return `${input}.${signature(algorithm, key, input).toString('base64url')}`;
}
