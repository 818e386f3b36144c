import { expect } from 'chai';
import type { WayEvidence } from '../../../lib/cli/doctor/evidence.js';
import { judgeNetwork, networkBreak } from '../../../lib/cli/doctor/network-steps.js';
import type { ConnectionFailure } from '../../../lib/cli/doctor/open-connection.js';
import type { ProbeResult } from '../../../lib/cli/doctor/probe.js';
import { createQuote } from '../../../lib/cli/doctor/quote.js';
import { answer, answered, unanswered, way } from './answers.js';

const HTTPS = new URL('https://api.internal/x');
const ADDRESSES = { phase: 'connect', addresses: ['10.0.0.1', '10.0.0.2'] } as const;

function unconnected(failure: ConnectionFailure): ProbeResult {
  return { connection: undefined, failure };
}

interface Row {
  readonly what: string;
  readonly found: Partial<WayEvidence>;
  readonly step: 'name' | 'connection' | 'tls';
  readonly seen: RegExp;
  readonly remedy: RegExp;
}

const TABLE: readonly Row[] = [
  {
    what: 'a name that nobody knows',
    found: { bare: unconnected({ phase: 'lookup', code: 'ENOTFOUND' }) },
    step: 'name',
    seen: /api\.internal.*ENOTFOUND/,
    remedy: /Service or a DNS record/,
  },
  {
    what: 'name servers that are away',
    found: { bare: unconnected({ phase: 'lookup', code: 'EAI_AGAIN' }) },
    step: 'name',
    seen: /EAI_AGAIN/,
    remedy: /resolv\.conf/,
  },
  {
    what: 'name servers that are silent',
    found: { bare: unconnected({ phase: 'lookup', code: 'SILENT' }) },
    step: 'name',
    seen: /the resolver is silent/,
    remedy: /resolv\.conf/,
  },
  {
    what: 'a closed port',
    found: { bare: unconnected({ ...ADDRESSES, codes: ['ECONNREFUSED', 'ECONNREFUSED'] }) },
    step: 'connection',
    seen: /api\.internal:80 .*10\.0\.0\.1: connection refused; 10\.0\.0\.2: connection refused/,
    remedy: /running.*port/,
  },
  {
    what: 'a firewall',
    found: { url: HTTPS, bare: unconnected({ ...ADDRESSES, codes: ['ECONNREFUSED', 'SILENT'] }) },
    step: 'connection',
    seen: /api\.internal:443 .*no answer.*Nothing came back in 1 s/,
    remedy: /firewall/i,
  },
  {
    what: 'a way that is not there',
    found: { bare: unconnected({ ...ADDRESSES, codes: ['EHOSTUNREACH', 'EACCES'] }) },
    step: 'connection',
    seen: /no route to the host \(EHOSTUNREACH\); 10\.0\.0\.2: EACCES/,
    remedy: /routes/,
  },
  {
    what: 'a port that is silent in the handshake',
    found: { url: HTTPS, bare: unconnected({ phase: 'tls', address: '10.0.0.1', code: 'SILENT' }) },
    step: 'connection',
    seen: /no byte in 1 s/,
    remedy: /hangs/,
  },
  {
    what: 'a certificate that is none',
    found: { url: HTTPS, bare: unconnected({ phase: 'tls', address: '10.0.0.1', code: 'CLOSED' }) },
    step: 'tls',
    seen: /hangs up in the handshake/,
    remedy: /port of TLS/,
  },
  {
    what: 'https to a port of http',
    found: {
      url: HTTPS,
      bare: unconnected({ phase: 'tls', address: '10.0.0.1', code: 'ERR_SSL_WRONG_VERSION_NUMBER' }),
      speaksOtherwise: true,
    },
    step: 'tls',
    seen: /speaks plain http/,
    remedy: /http:/,
  },
  {
    what: 'a server that wants a certificate of ours',
    found: { url: HTTPS, bare: unanswered('closed', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED') },
    step: 'tls',
    seen: /CERTIFICATE_REQUIRED/,
    remedy: /mutual TLS/,
  },
  {
    what: 'http to a port of https',
    found: { bare: unanswered('closed', 'ECONNRESET'), speaksOtherwise: true },
    step: 'connection',
    seen: /speaks TLS/,
    remedy: /https:\/\/api\.internal:80\/api\/v1\/orders\/7/,
  },
  {
    what: 'a silent port',
    found: { bare: unanswered('silent', 'SILENT') },
    step: 'connection',
    seen: /does not answer in 1 s/,
    remedy: /--timeout/,
  },
  {
    what: 'a port of another protocol',
    found: { bare: unanswered('not-http', 'HPE_INVALID_CONSTANT', 'SSH-2.0-OpenSSH\r\n') },
    step: 'connection',
    seen: /not in HTTP \('SSH-2\.0-OpenSSH'\)/,
    remedy: /another protocol/,
  },
  {
    what: 'a port of another protocol that says nothing',
    found: { bare: unanswered('not-http', 'UPGRADE') },
    step: 'connection',
    seen: /not in HTTP \(UPGRADE\)/,
    remedy: /another protocol/,
  },
  {
    what: 'a port that hangs up',
    found: { bare: unanswered('closed', 'ECONNRESET') },
    step: 'connection',
    seen: /hangs up.*ECONNRESET/,
    remedy: /want https:/,
  },
  {
    what: 'a port of TLS that hangs up',
    found: { url: HTTPS, bare: unanswered('closed', 'ECONNRESET') },
    step: 'connection',
    seen: /hangs up/,
    remedy: /crash/,
  },
];

describe('judgeNetwork', () => {
  const quote = createQuote(undefined);
  for (const { what, found, step, seen, remedy } of TABLE) {
    it(`names ${step}: ${what}`, () => {
      const findings = judgeNetwork(way(found), quote);
      expect(networkBreak(findings)).to.equal(step);
      const finding = findings[step];
      expect(finding.status === 'failed' && finding.seen).to.match(seen);
      expect(finding.status === 'failed' && finding.remedy).to.match(remedy);
    });
  }

  it('finds nothing wrong where something answered, also to one of two questions', () => {
    const fine = judgeNetwork(way({}), quote);
    expect(networkBreak(fine)).to.equal(undefined);
    expect(fine).to.deep.include({ name: { status: 'passed', seen: '127.0.0.1' } });
    const half = way({ bare: unanswered('closed', 'ECONNRESET'), authed: answered(answer(200)) });
    expect(networkBreak(judgeNetwork(half, quote))).to.equal(undefined);
    const neither = way({ bare: unanswered('closed', 'ECONNRESET'), authed: unanswered('closed', 'ECONNRESET') });
    expect(networkBreak(judgeNetwork(neither, quote))).to.equal('connection');
  });

  it('has a code for programs where every address refuses, and else none', () => {
    const codeOf = (codes: readonly string[]): unknown => {
      const { connection } = judgeNetwork(way({ bare: unconnected({ ...ADDRESSES, codes }) }), quote);
      return connection.status === 'failed' && connection.code;
    };
    expect(codeOf(['ECONNREFUSED', 'ECONNREFUSED'])).to.equal('ECONNREFUSED');
    expect(codeOf(['ECONNREFUSED', 'SILENT'])).to.equal(undefined);
  });

  it('looks up no address, and asks nothing of TLS where the URL says http', () => {
    const { name, tls } = judgeNetwork(way({ url: new URL('http://[::1]:8000/') }), quote);
    expect([name.status, tls.status]).to.deep.equal(['skipped', 'skipped']);
    expect(judgeNetwork(way({ url: HTTPS }), quote).tls.status).to.equal('passed');
  });
});
