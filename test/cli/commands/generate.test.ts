import { rmSync } from 'node:fs';
import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import { createTokenVerifier } from '../../../lib/shared/token-verifier.js';
import { KNOWN_SERVICES } from '../../../lib/shared/services.js';
import { newEcPair, newSecret } from '../../support/keys.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import { createTestCli, headerOf, payloadOf, type TestCli } from '../cli.js';

describe('service-auth generate', () => {
  let cli: TestCli;
  beforeEach(() => {
    cli = createTestCli();
  });
  afterEach(() => {
    cli.remove();
  });

  const tokenOf = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli.run(['generate', ...args]);
    expect(code, stderr).to.equal(0);
    return stdout.trimEnd();
  };

  // X8
  it('writes the token and nothing else where stdout is no terminal', async () => {
    const { code, stdout, stderr } = await cli.run(['generate', 'orders-service']);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const { sub, exp, iat } = createTokenVerifier({ keys: cli.secret }).verify(stdout.trimEnd());
    expect(sub).to.equal('orders-service');
    expect(exp - (iat as number)).to.equal(365 * 24 * 60 * 60);
    // For the person, beside it: what it is, never the token.
    expect(stderr).to.include('orders-service').and.to.include('.service-auth');
    expectNoPieceOf(stdout.trimEnd(), stderr);
  });

  it('says on a terminal: name, expiry, token, variable, a curl line, and that it was verified', async () => {
    const { stdout, stderr } = await cli.run(
      ['generate', 'orders-service', '--scope', 'a b', '--audience', 'pos-service'],
      {
        terminal: true,
      },
    );
    const token = /^[\w-]+\.[\w-]+\.[\w-]+$/m.exec(stdout)?.[0] as string;
    createTokenVerifier({ keys: cli.secret, audience: 'pos-service' }).verify(token);
    expect(stdout).to.match(/^Service token for orders-service$/m);
    expect(stdout).to.match(/^ {2}Expires {3}\d{4}-\d\d-\d\dT[\d:]+Z \(in 365 days\)$/m);
    expect(stdout).to.include(`export ORDERS_SERVICE_TOKEN='${token}'`);
    expect(stdout)
      .to.match(/^ {2}Scope {5}a b$/m)
      .and.to.match(/^ {2}Audience {2}pos-service$/m);
    expect(stdout).to.include(
      'curl --header "Authorization: Bearer $ORDERS_SERVICE_TOKEN" http://pos-service:8000/api/v1/pos/tenant/TENANT_ID/deletion-preview',
    );
    expect(stdout).to.match(/^Verified: requireService\(\) lets it in/m);
    expect(stderr).to.equal(
      `Made ${cli.path('.service-auth')}, which was not there: inventory and revocations begin with this.\n`,
    );
    expect((await cli.run(['generate', 'orders-service'], { terminal: true })).stderr).to.equal('');
  });

  it('shows a call to another service than the one whose token it is', async () => {
    const shownFor = async (service: string): Promise<string> =>
      (await cli.run(['generate', service], { terminal: true })).stdout;
    expect(await shownFor('orders-service')).to.include('http://inventory-service:8000/');
    expect(await shownFor('sales-service')).to.include('http://orders-service:8000/');
    cli.write('services.json', '[{ "name": "a" }, { "name": "b" }]');
    expect(await shownFor('a')).to.include('http://b:8000/');
    cli.write('services.json', '[{ "name": "a" }]');
    expect(await shownFor('a')).to.include('http://a:8000/');
  });

  it('mints what the options say', async () => {
    const token = await tokenOf(
      'sales-service',
      '--days',
      '3650',
      '--scope',
      'tenant:delete tenant:read',
      '--audience',
      'a,b',
    );
    const { exp, iat, scope, aud } = payloadOf(token);
    expect(Number(exp) - Number(iat)).to.equal(3650 * 24 * 60 * 60);
    expect(scope).to.equal('tenant:delete tenant:read');
    expect(aud).to.deep.equal(['a', 'b']);
    expect(payloadOf(await tokenOf('sales-service', '--days', '1', '--audience', 'a'))['aud']).to.equal('a');
  });

  it('enters each token into the inventory, without the token', async () => {
    const token = await tokenOf('orders-service', '--audience', 'a', '--scope', 's');
    const { jti, iat, exp } = payloadOf(token);
    const [line] = JSON.parse((await cli.run(['tokens', '--json'])).stdout) as readonly Record<string, unknown>[];
    expect(line).to.deep.include({
      service: 'orders-service',
      tokenId: jti,
      keyId: headerOf(token)['kid'],
      scope: 's',
    });
    expect(line?.['audience']).to.deep.equal(['a']);
    expect([line?.['issuedAt'], line?.['expiresAt']].map((time) => Date.parse(String(time)) / 1000)).to.deep.equal([
      iat,
      exp,
    ]);
    expectNoPieceOf(token.split('.')[2] as string, cli.everything());
    expectNoPieceOf(cli.secret, cli.everything());
  });

  it('prints nothing where the token could not be entered', async () => {
    cli.write('file', '');
    const { code, stdout, stderr } = await cli.run(['generate', 'orders-service', '--dir', 'file/store']);
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(stderr).to.match(/^service-auth: .*\n$/);
    expect((await cli.run(['generate', 'orders-service', '--dir', 'store'])).code).to.equal(0);
  });

  describe('--format', () => {
    it('env is a line that a shell and every reader of .env files take', async () => {
      const line = await tokenOf('tenant-deletion-orchestrator', '--format', 'env');
      expect(line).to.match(/^TENANT_DELETION_ORCHESTRATOR_TOKEN=[\w-]+\.[\w-]+\.[\w-]+$/);
    });

    for (const args of [['--format', 'json'], ['--json'], ['--json', '--format', 'json']]) {
      it(`${args.join(' ')} is one object`, async () => {
        const { token, tokenId, variable, keyId, expiresAt } = JSON.parse(
          await tokenOf('pos-service', ...args),
        ) as Record<string, string>;
        expect(payloadOf(String(token))['jti']).to.equal(tokenId);
        expect(headerOf(String(token))['kid']).to.equal(keyId);
        expect(variable).to.equal('POS_SERVICE_TOKEN');
        expect(expiresAt).to.match(/^\d{4}-\d\d-\d\dT[\d:]+Z$/);
      });
    }

    it('kubernetes is a Secret', async () => {
      const text = await tokenOf('orders-service', '--format', 'kubernetes', '--namespace', 'bakery');
      const secret = parse(text) as { metadata: object; stringData: { token: string } };
      expect(secret).to.include({ apiVersion: 'v1', kind: 'Secret', type: 'Opaque' });
      expect(secret.metadata).to.include({ name: 'orders-service-token', namespace: 'bakery' });
      expect(Object.keys(secret.stringData)).to.deep.equal(['token']);
      createTokenVerifier({ keys: cli.secret }).verify(secret.stringData.token);
    });

    it('kubernetes leaves the namespace to whoever applies it, and takes a name', async () => {
      const text = await tokenOf('orders-service', '--format', 'kubernetes', '--secret-name', 'orchestrator-token');
      const { metadata } = parse(text) as Record<string, never>;
      expect(metadata).to.include({ name: 'orchestrator-token' });
      expect(metadata).not.to.have.property('namespace');
      // Another version of YAML takes plain dates and numbers for something else than text.
      expect(text).to.match(/expires-at: "20/);
    });

    it('text is not changed by a terminal where another format is asked for', async () => {
      const { stdout, stderr } = await cli.run(['generate', 'orders-service', '--format', 'env'], { terminal: true });
      expect(stdout).to.match(/^ORDERS_SERVICE_TOKEN=\S+\n$/);
      expect(stderr).not.to.include('Verified');
    });

    const CONTRADICTIONS: readonly (readonly string[])[] = [
      ['orders-service', '--json', '--format', 'env'],
      ['orders-service', '--namespace', 'bakery'],
      ['orders-service', '--secret-name', 'x', '--format', 'json'],
      ['--all', '--secret-name', 'x', '--format', 'kubernetes'],
      ['orders-service', '--all'],
      [],
    ];
    for (const args of CONTRADICTIONS) {
      it(`refuses ${args.join(' ') || 'nothing'}`, async () => {
        const { code, stdout, stderr } = await cli.run(['generate', ...args]);
        expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
        expect(stderr).to.match(/^service-auth: /);
        expect(cli.everything()).to.equal('');
      });
    }
  });

  describe('--all', () => {
    it('makes a token for each of the fifteen, as lines of an .env file', async () => {
      const { code, stdout, stderr } = await cli.run(['generate', '--all']);
      expect(code).to.equal(0);
      const lines = stdout.trimEnd().split('\n');
      const verifier = createTokenVerifier({ keys: cli.secret });
      const services = lines.map((line) => verifier.verify(line.split('=')[1] as string).sub);
      expect(services).to.deep.equal(KNOWN_SERVICES.map(({ name }) => name));
      expect(services).to.have.length(15);
      for (const line of lines) expectNoPieceOf(line.split('.')[2] as string, stderr);
      const inventory = JSON.parse((await cli.run(['tokens', '--json'])).stdout) as unknown[];
      expect(inventory).to.have.length(15);
    });

    it('shows them in a table on a terminal, and as an array or as several Secrets', async () => {
      cli.write('services.json', '{ "services": [{ "name": "a-service" }] }');
      const { stdout } = await cli.run(['generate', '--all'], { terminal: true });
      expect(stdout).to.match(/^SERVICE +TOKEN ID +EXPIRES\na-service +[\w-]+ +20/);
      expect(stdout)
        .to.match(/^A_SERVICE_TOKEN=/m)
        .and.to.match(/^Verified: /m);
      expect(JSON.parse((await cli.run(['generate', '--all', '--json'])).stdout))
        .to.be.an('array')
        .with.length(1);
      cli.write('services.json', '[{ "name": "a" }, { "name": "b" }]');
      const documents = parseAllDocuments((await cli.run(['generate', '--all', '--format', 'kubernetes'])).stdout);
      const names = documents.map((one) => (one.toJS() as { metadata: { name: string } }).metadata.name);
      expect(names).to.deep.equal(['a-token', 'b-token']);
    });
  });

  it('waits for the next second where all tokens up to this one were just revoked', async () => {
    expect((await cli.run(['revoke', 'orders-service'])).code).to.equal(0);
    const token = await tokenOf('orders-service');
    expect((await cli.run(['verify', '-'], { stdin: token })).code).to.equal(0);
  });

  it('refuses a service that is revoked for longer, and still serves the others', async () => {
    const entry = { service: 'orders-service', issuedBefore: Math.floor(Date.now() / 1000) + 3600 };
    cli.write('revocations.json', JSON.stringify({ version: 1, revocations: [entry] }));
    const { code, stdout } = await cli.run(['generate', 'orders-service', '--dir', '.']);
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    await tokenOf('sales-service', '--dir', '.');
  });

  it('warns of an audience that nobody knows, and mints the token', async () => {
    const warned = async (audience: string): Promise<string> =>
      (await cli.run(['generate', 'orders-service', '--audience', audience])).stderr;
    expect(await warned('sales-servise')).to.include("Did you mean 'sales-service'?");
    expect(await warned('my-gateway'))
      .to.include("Warning: the audience 'my-gateway'")
      .and.not.to.include('Did you mean');
    expect(await warned('sales-service')).not.to.include('Warning');
  });

  it('begins no new list of revocations where the old one is gone', async () => {
    await tokenOf('orders-service');
    rmSync(cli.path('.service-auth/revocations.json'));
    const { code, stdout, stderr } = await cli.run(['generate', 'orders-service']);
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(stderr).to.include('is gone');
  });

  it('signs with a key pair where that is the current key', async () => {
    const pair = newEcPair();
    cli.write('keys.json', JSON.stringify({ current: pair.privatePem, previous: [cli.secret] }));
    const token = await tokenOf('orders-service', '--keys', 'keys.json');
    expect(headerOf(token)['alg']).to.equal('ES256');
    createTokenVerifier({ keys: { previous: pair.publicPem } }).verify(token);
  });

  it('mints nothing with a key that is bound to another service', async () => {
    cli.write('keys.json', JSON.stringify({ current: { key: newSecret(), service: 'sales-service' } }));
    expect((await cli.run(['generate', 'orders-service', '--keys', 'keys.json'])).code).to.equal(1);
    expect((await cli.run(['generate', 'sales-service', '--keys', 'keys.json'])).code).to.equal(0);
  });
});
