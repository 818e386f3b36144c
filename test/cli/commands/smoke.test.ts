import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { newSecret } from '../../support/keys.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import type { CliResult } from '../cli.js';
import { openBakery, PREFIX } from '../doctor/faults/bakery.js';
import { passOn } from '../doctor/faults/proxy-faults.js';
import { makeCertificates } from '../doctor/faults/certificates.js';
import { closedPort, eachOnStage, type Stage } from '../doctor/faults/stage.js';

const LIST = JSON.stringify([{ name: 'orders-service' }, { name: 'sales-service' }]);

describe('service-auth smoke', function () {
  this.timeout(60_000);
  let stage: Stage;
  eachOnStage((made) => {
    stage = made;
  });

  const run = (args: readonly string[], token = stage.mint()): Promise<CliResult> =>
    stage.cli.run(['smoke', ...args], { env: { SERVICE_TOKEN: token } });

  it('calls one service by its name, for a tenant that nobody has', async () => {
    const { gatewayUrl } = await openBakery(stage);
    const { code, stdout, stderr } = await run(['--base', gatewayUrl, '--services', 'orders-service']);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(stdout).to.match(/^SERVICE +STATUS +ANSWERED BY +MS +VERDICT +NOTE\n/);
    expect(stdout).to.match(/^orders-service +404 tenant_not_found +service +\d+ +let in$/m);
    expect(stage.requests.map(({ path }) => path)).to.include(`${PREFIX}/tenant/service-auth-smoke/deletion-preview`);
  });

  it('calls all that are known, or those of a file', async () => {
    const { gatewayUrl } = await openBakery(stage);
    const { code, stderr } = await run(['--base', gatewayUrl]);
    expect(code).to.equal(1);
    expect(stderr).to.match(/11 of 12 services did not let the token in \(11 not reached\)/);
    stage.cli.write('mine.json', LIST);
    expect((await run(['--base', gatewayUrl, '--services', 'mine.json'])).stderr).to.match(/1 of 2 services/);
    stage.cli.write('services.json', LIST);
    expect((await run(['--base', gatewayUrl])).stderr).to.match(/1 of 2 services/);
  });

  it('asks for the tenant and the path that are named, below a base with a path too', async () => {
    const { gatewayUrl } = await openBakery(stage);
    const args = ['--base', `${gatewayUrl}/`, '--services', 'orders-service,orders-service'];
    expect((await run([...args, '--tenant', '7'])).stdout).to.match(/^orders-service +200 +service/m);
    expect((await run([...args, '--path', '/services'])).stdout).to.match(/^orders-service +200 +service/m);
    const below = await run(['--base', `${gatewayUrl}/below?a=b`, '--services', 'orders-service']);
    expect(below.stderr).to.include('service-auth doctor ');
    expect(stage.requests.at(-1)?.path).to.match(/^\/below\/api\/v1\/orders\//);
  });

  it('prints JSON for programs', async () => {
    const { gatewayUrl } = await openBakery(stage);
    const args = ['--base', gatewayUrl, '--services', 'orders-service', '--tenant', '7', '--json'];
    const found = JSON.parse((await run(args)).stdout) as { readonly services: readonly object[] };
    expect(found).to.deep.include({ base: gatewayUrl, ok: true });
    expect(found.services[0]).to.include({ service: 'orders-service', verdict: 'let in', status: 200, by: 'service' });
    const refused = await run(args, stage.mint({ keys: newSecret() }));
    expect(refused.code).to.equal(1);
    expect(JSON.parse(refused.stdout)).to.deep.include({ ok: false });
  });

  it('says how many are not well, and how', async () => {
    const { gatewayUrl } = await openBakery(stage);
    stage.cli.write('services.json', LIST);
    const { stderr } = await run(['--base', gatewayUrl, '--path', '/sales']);
    expect(stderr).to.match(
      /2 of 2 .* \(1 refused, 1 not reached\)\. To find out why: service-auth doctor http.*\/sales --service orders-service\n$/,
    );
    const away = await run(['--base', `http://127.0.0.1:${await closedPort()}`]);
    expect(away.stdout).to.match(/^orders-service +- +nobody +- +not reached +no connection \(ECONNREFUSED\)$/m);
  });

  it('leaves out who holds no data of tenants, and says so', async () => {
    const { gatewayUrl } = await openBakery(stage);
    stage.cli.write(
      'services.json',
      JSON.stringify([{ name: 'tenant-deletion-orchestrator' }, { name: 'orders-service' }]),
    );
    const { code, stdout } = await run(['--base', gatewayUrl]);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^orders-service .*\n\nNot asked: tenant-deletion-orchestrator .*--path/m);
    expect(JSON.parse((await run(['--base', gatewayUrl, '--json'])).stdout)).to.deep.include({
      ok: true,
      notAsked: ['tenant-deletion-orchestrator'],
    });
    const all = await run(['--base', gatewayUrl, '--path', '/services']);
    expect(all.stdout)
      .to.match(/^tenant-deletion-orchestrator +404/m)
      .and.not.include('Not asked');
  });

  it('names a command that doctor takes, and that asks the same', async () => {
    const { gatewayUrl } = await openBakery(stage);
    stage.cli.write('my services.json', LIST);
    stage.cli.write('my.token', stage.mint());
    const options = [
      '--services',
      './my services.json',
      '--token-file',
      'my.token',
      '--path',
      '/sales',
      '--timeout',
      '9s',
    ];
    const { stderr } = await run(['--base', gatewayUrl, ...options]);
    const command = /service-auth (doctor .*)\n$/.exec(stderr)?.[1] ?? '';
    const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? String(plain));
    expect(words).to.include.members(['orders-service', './my services.json', 'my.token', '9s']);
    const found = await stage.cli.run([...words, '--json']);
    expect({ code: found.code, ...(JSON.parse(found.stdout) as object) }).to.deep.include({ code: 1, ok: false });
    expect(JSON.parse(found.stdout)).to.have.nested.property('verdict.step', 'guard');
  });

  it('goes over TLS with --ca', async () => {
    const { gatewayUrl } = await openBakery(stage);
    const { sound, authority } = makeCertificates(stage);
    const origin = await stage.https(sound, (req, res) => {
      passOn(gatewayUrl, req, res);
    });
    const args = ['--base', origin, '--services', 'orders-service'];
    expect((await run(args)).stdout).to.match(/TLS fails/);
    stage.cli.write('ca.pem', readFileSync(authority));
    expect((await run([...args, '--ca', 'ca.pem', '--timeout', '9s'])).code).to.equal(0);
  });

  it('calls nobody without a token, or with what is none', async () => {
    const { gatewayUrl } = await openBakery(stage);
    const none = await stage.cli.run(['smoke', '--base', gatewayUrl]);
    expect(none.code).to.equal(1);
    expect(none.stderr).to.match(/Neither SERVICE_TOKEN_FILE nor SERVICE_TOKEN is set/);
    const token = stage.mint();
    const quoted = await run(['--base', gatewayUrl], `"${token}"`);
    expect(quoted.code).to.equal(1);
    expect(quoted.stderr).to.match(/It stands in quotes/);
    expectNoPieceOf(token, quoted.stderr);
    expect(stage.requests).to.deep.equal([]);
  });

  describe('is wrong (exit code 2), and calls nobody, with', () => {
    const WRONG: readonly (readonly [args: readonly string[], why: RegExp])[] = [
      [[], /--base/],
      [['--base', 'gateway'], /--base must be a URL/],
      [['--base', 'http://api.example.com'], /--dangerously-allow-plain-http/],
      [['--base', 'http://127.0.0.1', '--services', 'order-service'], /Did you mean/],
      [['--base', 'http://127.0.0.1', '--services', 'auth-service'], /no data of tenants/],
      [['--base', 'http://127.0.0.1', '--path', 'x'], /--path must be/],
      [['--base', 'http://127.0.0.1', '--tenant', '..'], /--tenant must be/],
    ];
    for (const [args, why] of WRONG) {
      it(args.join(' ') || 'nothing', async () => {
        const { code, stdout, stderr } = await run(args);
        expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
        expect(stderr).to.match(why);
      });
    }
  });
});
