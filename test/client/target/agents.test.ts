import { execFileSync } from 'node:child_process';
import dns from 'node:dns';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { agentsFor, closeIdleConnections } from '../../../lib/client/target/agents.js';
import { createServiceClient } from '../../../lib/client/index.js';
import { needsProgram } from '../../support/needs-program.js';
import { withoutNock } from '../../support/without-nock.js';
import { opaqueToken, rejectionOf, setEnvironment, startServer, until } from '../support.js';

const token = opaqueToken();

/** Makes every name lead to these addresses, for one piece of work. */
async function resolving<T>(addresses: readonly string[], work: () => Promise<T>): Promise<T> {
  const before = { lookup: dns.lookup.bind(dns) };
  const fake = (_name: string, options: { all?: boolean }, callback: (...args: unknown[]) => void): void => {
    const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    process.nextTick(() => {
      if (options.all === true) callback(null, all);
      else callback(null, all[0]?.address, all[0]?.family);
    });
  };
  Object.assign(dns, { lookup: fake });
  try {
    return await work();
  } finally {
    Object.assign(dns, before);
  }
}

describe('the connections of a client without a base', () => {
  withoutNock();

  for (const addresses of [
    ['169.254.169.254'],
    ['fe80::1'],
    ['127.0.0.1', '169.254.169.254'],
    ['::ffff:169.254.169.254'],
  ]) {
    it(`are not made to a name that leads to ${addresses.join(' and ')}`, async () => {
      const error = await resolving(addresses, () =>
        rejectionOf(createServiceClient(token).get('http://metadata/latest')),
      );
      expect(error).to.include({ code: 'ERR_ORIGIN_NOT_ALLOWED', outcome: 'not_sent', tries: 1 });
      expect(error.message).to.contain('link-local');
    });
  }

  it('are made to a name that leads elsewhere', async () => {
    const { url, close } = await startServer((_req, res) => res.end('ok'));
    const port = Number(new URL(url).port);
    const get = (): Promise<{ data: unknown }> => createServiceClient(token).get(`http://orders-service:${port}/`);
    expect((await resolving(['127.0.0.1'], get)).data).to.equal('ok');
    expect((await resolving(['127.0.0.1', '127.0.0.2'], get)).data).to.equal('ok');
    await close();
  });

  it('pass on that a name leads nowhere', async () => {
    const error = await rejectionOf(
      createServiceClient(token, { maxTries: 1 }).get('http://nowhere.invalid.internal/'),
    );
    expect(error.code).to.be.oneOf(['ENOTFOUND', 'EAI_AGAIN']);
    expect(error.outcome).to.equal('not_sent');
  });

  it('ask for one address where whoever connects wants one', async () => {
    const look = (agentsFor(true).http as unknown as { options: { lookup: typeof dns.lookup } }).options.lookup;
    const lookUp = (): Promise<unknown> =>
      new Promise((resolve) => {
        look('metadata', {}, (error, address) => {
          resolve(error === null ? address : error.code);
        });
      });
    expect(await resolving(['169.254.169.254'], lookUp)).to.equal('ERR_ORIGIN_NOT_ALLOWED');
    expect(await resolving(['10.0.0.1'], lookUp)).to.equal('10.0.0.1');
  });
});

describe('closeIdleConnections', () => {
  withoutNock();

  it('closes those to one origin', async () => {
    const [one, other] = [await startServer((_req, res) => res.end()), await startServer((_req, res) => res.end())];
    const client = createServiceClient(token);
    await client.get(one.url);
    await client.get(other.url);
    closeIdleConnections(agentsFor(true), one.url);
    await until(() => one.sockets.size === 0);
    expect(other.sockets.size).to.equal(1);
    closeIdleConnections(agentsFor(true), 'http://nobody-knows');
    closeIdleConnections(agentsFor(true), 'https://nobody-knows');
    await one.close();
    await other.close();
  });
});

describe('a certificate that nobody vouches for', () => {
  withoutNock();
  before(function () {
    needsProgram(this, 'openssl');
  });

  it('is refused once, also where the environment says not to look', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'service-auth-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject],
      {
        stdio: 'ignore',
      },
    );
    const pair = { key: readFileSync(key), cert: readFileSync(cert) };
    rmSync(folder, { recursive: true });
    const server = https.createServer(pair, (_req, res) => res.end('ok'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
    const emitWarning = process.emitWarning.bind(process);
    // Node warns of the variable, once.
    process.emitWarning = () => undefined;
    const reset = setEnvironment({ NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    try {
      expect(await rejectionOf(createServiceClient(token).get(url))).to.include({
        code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
        tries: 1,
        outcome: 'not_sent',
      });
    } finally {
      reset();
      process.emitWarning = emitWarning;
    }
    const agent = new https.Agent({ ca: pair.cert });
    const status = await new Promise((resolve, reject) => {
      https
        .get(url, { agent }, (res) => {
          resolve(res.resume().statusCode);
        })
        .on('error', reject);
    });
    expect(status).to.equal(200);
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });
});
