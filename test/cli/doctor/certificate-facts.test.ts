import { expect } from 'chai';
import type { PeerCertificate } from 'node:tls';
import { certificateFacts } from '../../../lib/cli/doctor/certificate-facts.js';

const facts = (fields: object) => certificateFacts({ valid_from: 'a', valid_to: 'b', ...fields } as PeerCertificate);

describe('certificateFacts', () => {
  it('tells what a certificate says', () => {
    expect(
      facts({ subject: { CN: 'orders' }, issuer: { O: 'Us' }, subjectaltname: 'DNS:a.example, IP Address:10.0.0.1' }),
    ).to.deep.equal({
      subject: 'orders',
      issuer: 'Us',
      validFrom: 'a',
      validTo: 'b',
      names: ['a.example', '10.0.0.1'],
    });
  });

  it('reads one that names nobody, or several', () => {
    const found = facts({ subject: { CN: ['a', 'b'] }, issuer: {} });
    expect(found).to.include({ subject: 'a, b', issuer: 'nobody' });
    expect(found.names).to.deep.equal([]);
    expect(facts({}).subject).to.equal('nobody');
  });
});
