import type { PeerCertificate } from 'node:tls';

/** What a server showed of itself before anything was sent. */
export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  /** As the certificate has it: `Nov 29 12:00:00 2025 GMT`. */
  readonly validFrom: string;
  readonly validTo: string;
  /** The names that it is for. */
  readonly names: readonly string[];
}

/** What of a certificate is told. */
export function certificateFacts({
  subject,
  issuer,
  valid_from,
  valid_to,
  subjectaltname,
}: PeerCertificate): CertificateFacts {
  return {
    subject: nameOf(subject),
    issuer: nameOf(issuer),
    validFrom: valid_from,
    validTo: valid_to,
    names: (subjectaltname ?? '')
      .split(', ')
      .map((name) => name.replace(/^(?:DNS|IP Address):/, ''))
      .filter((name) => name !== ''),
  };
}

/** A certificate may name nobody, or several. */
function nameOf(party: PeerCertificate['subject'] | undefined): string {
  const { CN, O } = (party ?? {}) as Readonly<Record<'CN' | 'O', string | readonly string[] | undefined>>;
  return [CN ?? O ?? 'nobody'].flat().join(', ');
}
