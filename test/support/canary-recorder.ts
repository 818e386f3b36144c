import crypto, { KeyObject, type KeyPairKeyObjectResult } from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import jwt from 'jsonwebtoken';
import { ServiceRequestError } from '../../lib/client/service-request-error.js';
import { TenantDeletionError } from '../../lib/client/tenant-deletion/tenant-deletion-error.js';
import { AuthError, ConfigurationError } from '../../lib/shared/errors.js';
import type { CanaryRegistry } from './canary-registry.js';

// What is drawn at random and is shorter is an id.
const SECRET_BYTES = 24;

type Anything = (...args: readonly never[]) => unknown;

/**
 * From now on, everything in this process that is a secret becomes known to `registry` as soon as it exists: bytes drawn at random
 * (all secrets of the tests are), private keys, derived keys, tokens that were signed, tokens that proved good, and the
 * keys of both. So no test has to say what its secrets are, and none can forget to.
 *
 * @param where - says where the process is just now, for the labels
 * @returns what puts everything back
 */
export function recordSecrets(registry: CanaryRegistry, where: () => string): () => void {
  const label = (what: string): string => `${what} (${where()})`;
  const undo = [
    wrap(crypto, 'randomBytes', (result: unknown, size: unknown) => {
      if (Buffer.isBuffer(result) && (size as number) >= SECRET_BYTES) registry.addBytes(result, label('random bytes'));
    }),
    wrap(crypto, 'hkdfSync', (result: ArrayBuffer) => {
      registry.addBytes(new Uint8Array(result), label('a derived key'));
    }),
    wrap(crypto, 'generateKeyPairSync', ({ privateKey }: KeyPairKeyObjectResult) => {
      if (privateKey instanceof KeyObject) addKey(registry, privateKey, label('a private key'));
    }),
    wrap(jwt, 'sign', (token: unknown, _claims: unknown, key: unknown) => {
      addKey(registry, key, label('the key of a token'));
      if (typeof token === 'string') registry.addToken(token, label('a signed token'));
    }),
    // Also those that a test made by hand. What does not verify opens nothing, and shares its pieces with what does.
    wrap(jwt, 'verify', (_claims: unknown, token: unknown, key: unknown) => {
      addKey(registry, key, label('the key of a token'));
      if (typeof token === 'string') registry.addToken(token, label('a good token'));
    }),
    ...recordGoodHmacs((token, key) => {
      addKey(registry, key, label('the key of a token'));
      registry.addToken(token, label('a good token'));
    }),
  ];
  for (const name of ['JWT_SECRET_KEY', 'JWT_SECRET_KEY_PREVIOUS', 'GATEWAY_ASSERTION_KEY', 'SERVICE_TOKEN']) {
    const value = process.env[name];
    if (value !== undefined) registry.addText(value, label(name));
  }
  return () => {
    for (const step of undo) step();
  };
}

/** The same of tokens whose shared secret `hmac.ts` compares itself. */
function recordGoodHmacs(onGood: (token: string, key: unknown) => void): readonly (() => void)[] {
  let last: { readonly token: string; readonly signature: string; readonly key: unknown } | undefined;
  return [
    wrap(crypto, 'createHmac', (hmac: ReturnType<typeof crypto.createHmac>, _hash: unknown, key: unknown) => {
      let input = '';
      const update = hmac.update.bind(hmac) as (...args: readonly unknown[]) => unknown;
      const digest = hmac.digest.bind(hmac) as (...args: readonly unknown[]) => unknown;
      Object.assign(hmac, {
        update: (...args: readonly unknown[]) => {
          input += String(args[0]);
          return update(...args);
        },
        digest: (...args: readonly unknown[]) => {
          const signature = digest(...args);
          if (typeof signature === 'string') last = { token: `${input}.${signature}`, signature, key };
          return signature;
        },
      });
    }),
    wrap(crypto, 'timingSafeEqual', (isEqual: boolean, made: Uint8Array) => {
      if (isEqual && last?.signature === Buffer.from(made).toString()) onGood(last.token, last.key);
    }),
  ];
}

function addKey(registry: CanaryRegistry, key: unknown, label: string): void {
  if (typeof key === 'string') {
    if (key.includes('PRIVATE KEY')) registry.addPem(key, label);
    else if (!key.includes('-----BEGIN')) registry.addBytes(Buffer.from(key), label);
  } else if (key instanceof KeyObject && key.type === 'secret') {
    registry.addBytes(key.export(), label);
  } else if (key instanceof KeyObject && key.type === 'private') {
    registry.addPem(key.export({ format: 'pem', type: 'pkcs8' }) as string, label);
    const d = privateNumber(key);
    if (d !== undefined) registry.addText(d, label);
  }
}

/** JWK has no name for some curves; the lines of their PEM are known. */
function privateNumber(key: KeyObject): string | undefined {
  try {
    return key.export({ format: 'jwk' }).d;
  } catch {
    return undefined;
  }
}

/**
 * Every error of this package's family that is made in this process, its fields not yet set: look at it later.
 *
 * @returns what puts everything back
 */
export function recordErrors(onError: (error: Error) => void): () => void {
  const undo = [AuthError, ConfigurationError, ServiceRequestError, TenantDeletionError].map((family) => {
    // `super()` calls whatever class is the prototype of its own at that moment.
    const parent = Object.getPrototypeOf(family) as new (...args: readonly unknown[]) => Error;
    class Recorded extends parent {
      constructor(...args: readonly unknown[]) {
        super(...args);
        onError(this);
      }
    }
    Object.setPrototypeOf(family, Recorded);
    return () => Object.setPrototypeOf(family, parent);
  });
  return () => {
    for (const step of undo) step();
  };
}

/**
 * Everything that is written to a file through a stream: logs are, winston's own among them. Files written in one go are tokens
 * and keys, which tests mount like that on purpose.
 *
 * @returns what puts everything back
 */
export function recordFileStreams(onText: (text: string) => void): () => void {
  return wrap(fs, 'createWriteStream', (stream: fs.WriteStream) => {
    wrap(stream, 'write', (_more: unknown, chunk: unknown) => {
      onText(Buffer.isBuffer(chunk) ? chunk.toString() : String(chunk));
    });
    wrap(stream, 'end', (_stream: unknown, chunk: unknown) => {
      if (typeof chunk === 'string') onText(chunk);
    });
  });
}

/** Lets `after` see what a method returned and was given. */
function wrap<T extends object>(owner: T, name: keyof T, after: (result: never, ...args: never[]) => void): () => void {
  const original = owner[name] as Anything;
  const wrapped = function (this: unknown, ...args: never[]): unknown {
    const result = original.apply(this, args);
    after(result as never, ...args);
    return result;
  };
  owner[name] = wrapped as T[keyof T];
  // Named imports of Node's own modules follow only when told to.
  syncBuiltinESMExports();
  return () => {
    owner[name] = original as T[keyof T];
    syncBuiltinESMExports();
  };
}
