import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Stage } from './stage.js';

/** A key and its certificate, as a server takes them. */
export interface Pair {
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** What an authority of our own certified. */
export interface Certificates {
  /** The file with the authority's certificate. */
  readonly authority: string;
  /** For `localhost`. */
  readonly sound: Pair;
  /** For another host. */
  readonly ofAnotherHost: Pair;
  /** For `localhost`, until yesterday. */
  readonly expired: Pair;
}

const KIND = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes them with openssl, in the stage's directory. */
export function makeCertificates(stage: Stage): Certificates {
  const openssl = stage.program('openssl');
  const run = (...args: readonly string[]): void => void execFileSync(openssl, args, { stdio: 'ignore' });
  mkdirSync(stage.cli.path('tls'), { recursive: true });
  const at = (name: string): string => stage.cli.path(`tls/${name}`);
  const [authorityKey, authority] = [at('authority.key'), at('authority.pem')];
  run('req', '-x509', ...KIND, '-days', '2', '-keyout', authorityKey, '-out', authority, '-subj', '/CN=Our authority');
  const certify = (name: string, host: string, days: number): Pair => {
    const [key, request, cert, extensions] = [
      at(`${name}.key`),
      at(`${name}.csr`),
      at(`${name}.pem`),
      at(`${name}.ext`),
    ];
    run('req', ...KIND, '-keyout', key, '-out', request, '-subj', `/CN=${host}`);
    writeFileSync(extensions, `subjectAltName = DNS:${host}`);
    const signer = ['-CA', authority, '-CAkey', authorityKey, '-set_serial', '1'];
    run('x509', '-req', '-in', request, ...signer, '-days', String(days), '-extfile', extensions, '-out', cert);
    return { key: readFileSync(key), cert: readFileSync(cert) };
  };
  return {
    authority,
    sound: certify('sound', 'localhost', 2),
    ofAnotherHost: certify('other', 'shop.example', 2),
    expired: certify('expired', 'localhost', -1),
  };
}
