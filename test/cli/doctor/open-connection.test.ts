import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import sinon from 'sinon';
import { openConnection, type Opening } from '../../../lib/cli/doctor/open-connection.js';
import { timeLimit } from '../../../lib/cli/doctor/time-limit.js';
import { needsProgram } from '../../support/needs-program.js';
import { withoutNock } from '../../support/without-nock.js';
import { makeCertificates } from './faults/certificates.js';
import { closedPort, createStage, type Stage } from './faults/stage.js';

describe('openConnection', function () {
  this.timeout(60_000);
  withoutNock();
  let stage: Stage;
  beforeEach(function () {
    stage = createStage((name) => needsProgram(this, name));
  });
  afterEach(async () => {
    sinon.restore();
    await stage.end();
  });

  async function open(url: string, ms = 5000, ca?: string): Promise<Opening> {
    const opening = await openConnection(new URL(url), timeLimit(ms), ca);
    if ('socket' in opening) opening.socket.destroy();
    return opening;
  }

  /** Has names lead to these addresses; to an error, or nowhere in time. */
  function resolveTo(answer: readonly string[] | NodeJS.ErrnoException | undefined): void {
    sinon.stub(dns, 'lookup').callsFake(((_host: string, _options: object, callback: (...args: unknown[]) => void) => {
      if (answer instanceof Error) callback(answer);
      else
        callback(
          null,
          answer?.map((address) => ({ address, family: 4 })),
        );
    }) as never);
  }

  it('connects to an address and to a name', async () => {
    const port = await stage.tcp((socket) => socket.resume());
    const facts = { addresses: ['127.0.0.1'], address: '127.0.0.1', protocol: undefined };
    expect(await open(`http://127.0.0.1:${port}`)).to.deep.include({ facts });
    resolveTo(['127.0.0.1']);
    expect(await open(`http://bakery:${port}`)).to.deep.include({ facts });
  });

  it('goes on to the next address where one refuses', async () => {
    const port = await stage.tcp((socket) => socket.resume());
    resolveTo(['127.0.0.2', '127.0.0.1']);
    expect(await open(`http://bakery:${port}`)).to.have.nested.property('facts.address', '127.0.0.1');
  });

  it('tells why of each address where none is reached', async () => {
    const port = await closedPort();
    resolveTo(['127.0.0.1', '127.0.0.2']);
    const { failure } = (await open(`http://bakery:${port}`)) as Extract<Opening, { failure: unknown }>;
    expect(failure).to.deep.equal({
      phase: 'connect',
      addresses: ['127.0.0.1', '127.0.0.2'],
      codes: ['ECONNREFUSED', 'ECONNREFUSED'],
    });
  });

  it('takes the usual port of the scheme', async () => {
    for (const scheme of ['http', 'https']) {
      // Nobody listens there: 127.1.2.3 is loopback, and no address of a server.
      expect(await open(`${scheme}://127.1.2.3`)).to.have.nested.property('failure.phase', 'connect');
    }
  });

  it('tells of a name that does not resolve', async () => {
    resolveTo(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    expect(await open('http://bakery')).to.deep.equal({ failure: { phase: 'lookup', code: 'ENOTFOUND' } });
    sinon.restore();
    resolveTo(new Error('no'));
    expect(await open('http://bakery')).to.deep.equal({ failure: { phase: 'lookup', code: 'unknown' } });
  });

  it('waits for a silent name server no longer than its time', async () => {
    sinon.stub(dns, 'lookup').callsFake(() => undefined);
    expect(await open('http://bakery', 20)).to.deep.equal({ failure: { phase: 'lookup', code: 'SILENT' } });
  });

  describe('with TLS', () => {
    it('connects where an authority that is known has signed', async () => {
      const { sound, authority } = makeCertificates(stage);
      const origin = await stage.https(sound, (_req, res) => res.end());
      const opening = await open(origin, 5000, readFileSync(authority, 'utf8'));
      expect(opening)
        .to.have.nested.property('facts.protocol')
        .that.matches(/^TLSv1/);
    });

    it('tells of a certificate that is not to be trusted, and sends nothing', async () => {
      const { sound, ofAnotherHost, authority } = makeCertificates(stage);
      const origin = await stage.https(sound, (_req, res) => res.end());
      expect(await open(origin))
        .to.have.nested.property('failure.certificate.names')
        .that.deep.equals(['localhost']);
      const other = await stage.https(ofAnotherHost, (_req, res) => res.end());
      const opening = await open(other, 5000, readFileSync(authority, 'utf8'));
      expect(opening).to.have.nested.property('failure.code', 'ERR_TLS_CERT_ALTNAME_INVALID');
      const byAddress = await open(origin.replace('localhost', '127.0.0.1'), 5000, readFileSync(authority, 'utf8'));
      expect(byAddress).to.have.nested.property('failure.code', 'ERR_TLS_CERT_ALTNAME_INVALID');
      expect(stage.requests).to.deep.equal([]);
    });

    it('tells of a server that says something else, hangs up or is silent', async () => {
      const codes: unknown[] = [];
      for (const answer of ['HTTP/1.1 400 Bad Request\r\n\r\n', '', undefined]) {
        const port = await stage.tcp((socket) => {
          socket.on('data', () => (answer === undefined ? undefined : socket.end(answer)));
        });
        const opening = (await open(`https://127.0.0.1:${port}`, answer === undefined ? 50 : 5000)) as Extract<
          Opening,
          { failure: unknown }
        >;
        codes.push((opening.failure as { readonly code: string }).code);
      }
      expect(codes[0]).to.match(/^ERR_SSL_/);
      expect(codes.slice(1)).to.deep.equal(['CLOSED', 'SILENT']);
    });
  });
});
