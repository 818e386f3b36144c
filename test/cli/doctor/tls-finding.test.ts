import { expect } from 'chai';
import { createQuote } from '../../../lib/cli/doctor/quote.js';
import { tlsFinding } from '../../../lib/cli/doctor/tls-finding.js';

const certificate = {
  subject: 'orders',
  issuer: 'Our authority',
  validFrom: 'Nov 29 12:00:00 2026 GMT',
  validTo: 'Nov 30 12:00:00 2026 GMT',
  names: ['orders.example', 'shop.example'],
};
const context = { place: 'api.example:443', speaksHttp: false, quote: createQuote(undefined) };

const TABLE: readonly (readonly [code: string, seen: RegExp, remedy: RegExp])[] = [
  ['CERT_HAS_EXPIRED', /expired, at Nov 30/, /renewed/],
  ['CERT_NOT_YET_VALID', /not valid before Nov 29/, /NTP/],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    /not for api\.example \(for orders\.example, shop\.example, by Our authority\)/,
    /name/,
  ],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', /authority that is not known/, /NODE_EXTRA_CA_CERTS/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /authority that is not known/, /full chain/],
  ['CERT_REVOKED', /CERT_REVOKED/, /sound one/],
];

describe('tlsFinding', () => {
  for (const [code, seen, remedy] of TABLE) {
    it(`says what to do about ${code}`, () => {
      const found = tlsFinding({ code, certificate }, context);
      expect(found.status === 'failed' && found.seen).to.match(seen);
      expect(found.status === 'failed' && found.remedy).to.match(remedy);
    });
  }

  const WITHOUT: readonly (readonly [code: string, remedy: RegExp])[] = [
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', /mutual TLS/],
    ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', /name/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /port of TLS/],
    ['CLOSED', /port of TLS/],
  ];
  for (const [code, remedy] of WITHOUT) {
    it(`says what to do about ${code}, where no certificate was shown`, () => {
      const found = tlsFinding({ code }, context);
      expect(found.status === 'failed' && found.remedy).to.match(remedy);
    });
  }

  it('says so where the port speaks plain http', () => {
    const found = tlsFinding({ code: 'ERR_SSL_WRONG_VERSION_NUMBER' }, { ...context, speaksHttp: true });
    expect(found.status === 'failed' && found.seen).to.include('speaks plain http');
  });

  it('names the subject where the certificate names no host', () => {
    const found = tlsFinding({ code: 'CERT_HAS_EXPIRED', certificate: { ...certificate, names: [] } }, context);
    expect(found.status === 'failed' && found.seen).to.include('for orders, by');
  });
});
