import { printable } from '../cli-io.js';
import { failed, type Finding } from './finding.js';
import type { CertificateFacts } from './certificate-facts.js';
import type { ConnectionFailure } from './open-connection.js';
import type { Quote } from './quote.js';

/** What the finding depends on beside the failure. */
export interface TlsContext {
  /** Host and port. */
  readonly place: string;
  /** Whether the port speaks plain http. */
  readonly speaksHttp: boolean;
  readonly quote: Quote;
}

/** Says what is wrong with TLS, and what mends it. */
export function tlsFinding(
  { code, certificate }: Pick<Extract<ConnectionFailure, { phase: 'tls' }>, 'code' | 'certificate'>,
  { place, speaksHttp, quote }: TlsContext,
): Finding {
  if (speaksHttp) {
    return failed(
      `${place} speaks plain http, and the URL says https (${code}).`,
      `Write http: instead, or give the port that has TLS. Out of the cluster only https will do.`,
    );
  }
  if (certificate === undefined) return withoutCertificate(code, place);
  const shown = describeCertificate(certificate, quote);
  const host = place.replace(/:\d+$/, '');
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return failed(
        `The certificate has expired, at ${printable(certificate.validTo)} (${shown}).`,
        `Have it renewed (cert-manager, certbot), or restart the server if it was renewed and is not used. Or is our clock wrong? It says ${new Date().toISOString()}.`,
      );
    case 'CERT_NOT_YET_VALID':
      return failed(
        `The certificate is not valid before ${printable(certificate.validFrom)} (${shown}).`,
        `Is our clock behind? It says ${new Date().toISOString()}. Set it by NTP (chrony); else the certificate was made by a clock that is ahead.`,
      );
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return failed(
        `The certificate is not for ${printable(host)} (${shown}).`,
        'Ask by a name of the host that stands in the certificate, or have one made that has this name in it. Or does the name lead to another machine?',
      );
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'CERT_SIGNATURE_FAILURE':
    case 'CERT_UNTRUSTED':
      return failed(
        `An authority that is not known here signed the certificate (${shown}; ${code}).`,
        `Have the client trust the authority: NODE_EXTRA_CA_CERTS=/path/to/ca.pem, in its environment (--ca tries it here). If the authority is a public one, the server does not send the certificates in between: give it the full chain. Where nobody here has made an authority, somebody may be listening in.`,
      );
    default:
      return failed(
        `The certificate is not to be trusted (${shown}; ${printable(code)}).`,
        'Have a sound one made for the server.',
      );
  }
}

function describeCertificate({ subject, issuer, names }: CertificateFacts, quote: Quote): string {
  const shown = names.slice(0, 5).join(', ') || subject;
  return `for ${quote(printable(shown))}, by ${quote(printable(issuer))}`;
}

function withoutCertificate(code: string, place: string): Finding {
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/.test(code)) {
    return failed(
      `${place} breaks the handshake off (${code}).`,
      'It may want a certificate of the client (mutual TLS), which clients of ours have none of: go through the sidecar or the gateway that has one. Or it speaks no TLS that this Node does: mend its settings.',
    );
  }
  if (/UNRECOGNIZED_NAME/.test(code)) {
    return failed(`${place} knows no host of this name (${code}).`, 'Ask by the name that its configuration has.');
  }
  return failed(
    `${place} does not speak TLS as we do (${code === 'CLOSED' ? 'it hangs up in the handshake' : code}).`,
    'Is it the port of TLS? Look in the log of the server, or write http: if it is a port within the cluster.',
  );
}
