import { execFileSync } from 'node:child_process';
import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { agentsFor, closeIdleConnections } from '../../../lib/client/target/agents.js';
import { clusterLookup } from '../../../lib/client/target/cluster-lookup.js';
import { needsProgram } from '../../support/needs-program.js';
import { withoutNock } from '../../support/without-nock.js';
import { anyRejectionOf, setEnvironment, startServer, type TestServer, until } from '../support.js';

interface Found {
  readonly error: NodeJS.ErrnoException | null;
  readonly address: string | LookupAddress[];
  readonly family: number | undefined;
}

/** Has `dns.lookup` find these addresses, or fail; returns what `clusterLookup` makes of it and what it asked for. */
async function lookUp(
  options: LookupOptions,
  result: readonly string[] | Error,
): Promise<Found & { readonly asked: readonly unknown[] }> {
  const { lookup } = dns;
  let asked: readonly unknown[] = [];
  const fake = (name: string, given: LookupOptions, callback: (...args: unknown[]) => void): void => {
    asked = [name, given];
    process.nextTick(() => {
      if (result instanceof Error) {
        callback(result);
        return;
      }
      const all = result.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      if (given.all === true) callback(null, all);
      else callback(null, all[0]?.address, all[0]?.family);
    });
  };
  Object.assign(dns, { lookup: fake });
  try {
    return await new Promise((resolve) => {
      clusterLookup('orders-service', options, (error, address, family) => {
        resolve({ error, address, family, asked });
      });
    });
  } finally {
    Object.assign(dns, { lookup });
  }
}

describe('clusterLookup', () => {
  for (const [address, family] of [
    ['10.0.0.1', 4],
    ['127.0.0.1', 4],
    ['8.8.8.8', 4],
    ['fd12::1', 6],
  ] as const) {
    it(`passes on ${address}, alone and in a list`, async () => {
      expect(await lookUp({}, [address])).to.include({ error: null, address, family });
      const all = await lookUp({ all: true }, [address, '10.0.0.2']);
      expect(all.error).to.equal(null);
      expect(all.address).to.deep.equal([
        { address, family },
        { address: '10.0.0.2', family: 4 },
      ]);
    });
  }

  for (const address of ['169.254.169.254', '169.254.0.1', 'fe80::1', '::ffff:169.254.169.254', 'fd00:ec2::254']) {
    it(`refuses ${address}, alone and at any place of a list`, async () => {
      for (const [options, addresses] of [
        [{}, [address]],
        [{ all: false }, [address]],
        [{ all: true }, [address]],
        [{ all: true }, [address, '10.0.0.1']],
        [{ all: true }, ['10.0.0.1', '10.0.0.2', address]],
      ] as const) {
        const { error, address: passedOn, family } = await lookUp(options, addresses);
        expect(error).to.be.instanceOf(Error).with.property('code', 'ERR_ORIGIN_NOT_ALLOWED');
        expect([passedOn, family]).to.deep.equal(['', undefined]);
      }
    });
  }

  it('asks for what it was asked for', async () => {
    const options = { all: true, family: 6, hints: dns.ADDRCONFIG, verbatim: false };
    const [name, given] = (await lookUp(options, ['fd12::1'])).asked;
    expect(name).to.equal('orders-service');
    expect(given).to.deep.equal(options);
  });

  it('passes on why a name leads nowhere', async () => {
    const nowhere = Object.assign(new Error('getaddrinfo ENOTFOUND orders-service'), { code: 'ENOTFOUND' });
    expect((await lookUp({}, nowhere)).error).to.equal(nowhere);
    expect((await lookUp({ all: true }, nowhere)).error).to.equal(nowhere);
  });
});

function lookupOf(agent: http.Agent): unknown {
  return (agent as unknown as { options: { lookup?: unknown } }).options.lookup;
}

interface Answer {
  readonly status: number | undefined;
  readonly data: string;
}

async function get(url: string, options: https.RequestOptions): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const { request } = url.startsWith('https:') ? https : http;
    request(url, options, (res) => {
      let data = '';
      res.setEncoding('utf8');
      res.on('data', (chunk: string) => (data += chunk));
      res.on('end', () => {
        resolve({ status: res.statusCode, data });
      });
    })
      .on('error', reject)
      .end();
  });
}

describe('agentsFor', () => {
  it('makes them once', () => {
    expect(agentsFor(true)).to.equal(agentsFor(true));
    expect(agentsFor(false)).to.equal(agentsFor(false)).and.not.equal(agentsFor(true));
  });

  it('keeps names from leading to link-local addresses in the cluster alone', () => {
    for (const kind of ['http', 'https'] as const) {
      expect(lookupOf(agentsFor(true)[kind])).to.equal(clusterLookup);
      expect(lookupOf(agentsFor(false)[kind])).to.equal(undefined);
    }
  });
});

describe('closeIdleConnections', () => {
  withoutNock();
  let server: TestServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  it('leaves a connection that a request is using', async () => {
    const answers: http.ServerResponse[] = [];
    const { url, sockets } = (server = await startServer((req, res) => {
      if (req.url === '/slow') answers.push(res);
      else res.end('ok');
    }));
    const agents = agentsFor(false);
    const slow = get(`${url}/slow`, { agent: agents.http });
    await get(`${url}/`, { agent: agents.http });
    await until(() => answers.length === 1);
    expect(sockets.size).to.equal(2);
    closeIdleConnections(agents, url);
    await until(() => sockets.size === 1);
    answers[0]?.end('late');
    expect(await slow).to.deep.equal({ status: 200, data: 'late' });
    closeIdleConnections(agents, url);
    await until(() => sockets.size === 0);
  });

  for (const [origin, closed] of [
    ['http://orders-service', 'orders-service:80:'],
    ['http://orders-service', 'orders-service:80::4'],
    ['http://orders-service:8000', 'orders-service:8000:'],
    ['https://orders-service', 'orders-service:443::::::::::'],
    ['http://[fd00::1]', 'fd00::1:80:'],
    ['https://[fd00::1]:8443', 'fd00::1:8443::::::::::'],
  ] as const) {
    it(`closes those of ${origin} that the agent calls ${closed}, and no others`, () => {
      const destroyed: string[] = [];
      const others = [
        'orders-service:8001:',
        'orders-service:80001:',
        'orders-service.bakery:80:',
        'my-orders-service:80:',
        // The hosts fd00::1:80 and fd00::1:8443, which begin like fd00::1 on these ports.
        'fd00::1:80:443::::::::::',
        'fd00::1:80:8000:',
        'fd00::1:8443:443::::::::::',
      ];
      const freeSockets = Object.fromEntries(
        [closed, ...others].map((name) => [name, [{ destroy: () => destroyed.push(name) }]]),
      );
      const [used, unused] = [{ freeSockets }, { freeSockets: { [closed]: [{ destroy: () => destroyed.push('-') }] } }];
      const isTls = origin.startsWith('https:');
      const agents = { http: isTls ? unused : used, https: isTls ? used : unused };
      closeIdleConnections(agents as unknown as Parameters<typeof closeIdleConnections>[0], origin);
      expect(destroyed).to.deep.equal([closed]);
    });
  }
});

describe('the https agent', () => {
  withoutNock();
  let pair: { readonly key: Buffer; readonly cert: Buffer };
  let server: https.Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });
  before(function () {
    const openssl = needsProgram(this, 'openssl');
    const folder = mkdtempSync(join(tmpdir(), 'service-auth-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(openssl, ['req', '-x509', ...kind, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' });
    pair = { key: readFileSync(key), cert: readFileSync(cert) };
    rmSync(folder, { recursive: true });
  });

  for (const isInClusterOnly of [true, false]) {
    it(`refuses a certificate that nobody vouches for, whatever the environment says (${String(isInClusterOnly)})`, async () => {
      let requests = 0;
      const started = https.createServer(pair, (_req, res) => {
        requests++;
        res.end('ok');
      });
      server = started;
      await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
      const url = `https://127.0.0.1:${String((started.address() as AddressInfo).port)}`;
      const agents = agentsFor(isInClusterOnly);
      const emitWarning = process.emitWarning.bind(process);
      // Node warns of the variable, once.
      process.emitWarning = () => undefined;
      const reset = setEnvironment({ NODE_TLS_REJECT_UNAUTHORIZED: '0' });
      try {
        expect((await get(url, { agent: new https.Agent() })).status, 'what Node does by itself').to.equal(200);
        for (const options of [{}, { rejectUnauthorized: false }]) {
          expect(await anyRejectionOf(get(url, { agent: agents.https, ...options }))).to.have.property(
            'code',
            'DEPTH_ZERO_SELF_SIGNED_CERT',
          );
        }
        expect(requests).to.equal(1);
      } finally {
        reset();
        process.emitWarning = emitWarning;
      }
      expect((await get(url, { agent: agents.https, ca: pair.cert })).data).to.equal('ok');
      expect(await connections(started)).to.equal(1);
      closeIdleConnections(agents, url);
      await untilNone(started);
    });
  }
});

async function connections(server: https.Server): Promise<number> {
  return await new Promise((resolve) => {
    server.getConnections((_error, count) => {
      resolve(count);
    });
  });
}

async function untilNone(server: https.Server): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if ((await connections(server)) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('a connection stayed open');
}
