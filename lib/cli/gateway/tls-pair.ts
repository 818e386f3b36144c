import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { ConfigurationError } from '../../shared/errors.js';
import type { Logger } from '../../shared/log.js';
import { logSafely } from '../../shared/log-safely.js';
import { readTextFile } from '../../shared/read-file.js';
import { watchSource } from '../../shared/watched-source.js';

const MAX_BYTES = 1024 * 1024;

/** A certificate (with its chain) and its key, in PEM form. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** A certificate and its key, following their files. */
export interface WatchedTlsPair {
  readonly files: () => TlsFiles;
  /** When the certificate ends. */
  readonly expiresAt: () => Date;
  readonly close: () => void;
}

/**
 * Follows a certificate and its key. A new pair that is broken, or of which one half is the old one, is told as an error, and the pair
 * in force stays.
 *
 * @param paths - the two files
 * @param onChange - told of a new pair
 * @throws ConfigurationError naming `tls.cert` or `tls.key`
 */
export function watchTlsPair(
  paths: TlsFiles,
  logger: Logger,
  onChange?: (pair: WatchedTlsPair) => void,
): WatchedTlsPair {
  const watched = watchSource<TlsFiles>({
    read: () => {
      const cert = readTextFile('tls.cert', paths.cert, MAX_BYTES);
      const key = readTextFile('tls.key', paths.key, MAX_BYTES);
      // Half of a pair does not go with the other half, which is seen below.
      return { text: JSON.stringify({ cert, key }), isWhole: true };
    },
    parse: (text) => checkPair(JSON.parse(text) as TlsFiles),
    onChange: () => {
      logSafely(logger, 'info', 'Certificate changed', { path: paths.cert, expires: pair.expiresAt().toISOString() });
      onChange?.(pair);
    },
    onTrouble: ({ message: reason }) => {
      const text = 'Certificate or key could not be read again; those in force stay';
      logSafely(logger, 'error', text, { path: paths.cert, reason });
    },
    onRecovery: () => {
      logSafely(logger, 'info', 'Certificate and key can be read again', { path: paths.cert });
    },
  });
  const pair: WatchedTlsPair = {
    files: watched.value,
    expiresAt: () => new Date(new X509Certificate(watched.value().cert).validTo),
    close: watched.close,
  };
  return pair;
}

function checkPair(files: TlsFiles): TlsFiles {
  const cert = attempt(
    'tls.cert',
    'names a file that holds no certificate in PEM form.',
    () => new X509Certificate(files.cert),
  );
  const key = attempt(
    'tls.key',
    'names a file that holds no private key in PEM form, or one that needs a passphrase.',
    () => createPrivateKey(files.key),
  );
  if (!cert.checkPrivateKey(key)) {
    throw new ConfigurationError(
      'tls.key',
      'is not the key of the certificate in tls.cert. The two belong together: was only one of them replaced?',
    );
  }
  attempt('tls.cert', 'is refused by OpenSSL: the key is too weak, or the chain is broken.', () =>
    createSecureContext(files),
  );
  return files;
}

/** OpenSSL's own messages are of no help, and the cause could show the key. */
function attempt<Result>(setting: string, message: string, act: () => Result): Result {
  try {
    return act();
  } catch {
    throw new ConfigurationError(setting, message);
  }
}
