import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';

/** A certificate of its own making, with its key. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * Makes one with openssl, for `localhost` and 127.0.0.1.
 *
 * @param directory - where its files are made, too
 * @param commonName - by which it can be told from others
 */
export function makeCertificate(directory: string, commonName: string): TestCertificate {
  const [cert, key] = [join(directory, `${commonName}.crt`), join(directory, `${commonName}.key`)];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${commonName}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  );
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}
