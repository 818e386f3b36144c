import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { DoctorReport } from '../../../lib/cli/doctor/diagnosis.js';
import { newSecret } from '../../support/keys.js';
import type { CliResult } from '../cli.js';
import { openBakery, PREFIX, PREVIEW } from '../doctor/faults/bakery.js';
import { passOn } from '../doctor/faults/proxy-faults.js';
import { makeCertificates } from '../doctor/faults/certificates.js';
import { closedPort, eachOnStage, type Stage } from '../doctor/faults/stage.js';

describe('service-auth doctor', function () {
  this.timeout(60_000);
  let stage: Stage;
  eachOnStage((made) => {
    stage = made;
  });

  const run = (args: readonly string[], token = stage.mint()): Promise<CliResult> =>
    stage.cli.run(['doctor', ...args], { env: { SERVICE_TOKEN: token } });
  const report = async (args: readonly string[], token?: string): Promise<DoctorReport> =>
    JSON.parse((await run([...args, '--json'], token)).stdout) as DoctorReport;

  it('prints a line a step and the verdict, and ends with 0 where all is well', async () => {
    const { gatewayUrl } = await openBakery(stage);
    const { code, stdout, stderr } = await run([gatewayUrl + PREVIEW]);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(stdout)
      .to.match(/^ok {7}settings are sane/)
      .and.match(/^Answer: 200, by the service/m);
    expect(stdout).to.match(/^ok {7}the gateway accepts it +api-gateway$/m);
  });

  it('says where it breaks, and ends with 1', async () => {
    const { gatewayUrl } = await openBakery(stage, { service: { keys: newSecret() } });
    const { code, stdout, stderr } = await run([gatewayUrl + PREVIEW]);
    expect(code).to.equal(1);
    expect(stdout)
      .to.match(/^FAILED +the service trusts what it gets/m)
      .and.match(/^It breaks here: .* \(trust\)$/m);
    expect(stderr).to.equal('service-auth: not well: trust.\n');
  });

  it('asks an origin for the deletion preview of the service that is named', async () => {
    const { gatewayUrl } = await openBakery(stage);
    const found = await report([gatewayUrl, '--service', 'orders-service']);
    expect(found.url).to.equal(`${gatewayUrl}${PREFIX}/tenant/service-auth-doctor/deletion-preview`);
    expect(found).to.deep.include({ ok: true });
    expect(found.answer).to.deep.include({ status: 404, code: 'tenant_not_found' });
  });

  it('asks an origin for the path that is named', async () => {
    const { gatewayUrl } = await openBakery(stage);
    expect(await report([`${gatewayUrl}/`, '--path', `${PREVIEW}?a=b`])).to.deep.include({
      url: gatewayUrl + PREVIEW,
      ok: true,
    });
    expect((await report([gatewayUrl])).verdict).to.deep.include({ step: 'gateway' });
  });

  describe('with --direct', () => {
    it('finds both ways well', async () => {
      const { gatewayUrl, serviceUrl } = await openBakery(stage);
      const found = await report([gatewayUrl + PREVIEW, '--direct', serviceUrl]);
      expect(found).to.deep.include({ ok: true, verdict: null, conclusion: 'Both ways are well.' });
      expect(found.direct).to.deep.include({ url: serviceUrl + PREVIEW, ok: true, verdict: null });
      expect((await run([gatewayUrl + PREVIEW, '--direct', serviceUrl + PREVIEW])).stdout).to.match(/^Directly: http/m);
    });

    it('tells that the gateway alone is at fault', async () => {
      const { gatewayUrl, serviceUrl } = await openBakery(stage, { gateway: { keys: newSecret() } });
      const { code, stdout, stderr } = await run([gatewayUrl + PREVIEW, '--direct', serviceUrl]);
      expect(code).to.equal(1);
      expect(stdout).to.match(/^Together: The service takes the token, the gateway does not/m);
      expect(stderr).to.include('not well: gateway.');
    });

    it('ends with 0 where the service is shut to all but the gateway, and with 1 where it lets in anybody', async () => {
      const { gatewayUrl, serviceUrl } = await openBakery(stage);
      const shut = await run([gatewayUrl + PREVIEW, '--direct', `http://127.0.0.1:${await closedPort()}`]);
      expect(shut).to.deep.include({ code: 0, stderr: '' });
      expect(shut.stdout).to.match(/^FAILED +the server connects[^]*^Together: .*as it should be/m);
      const open = await run([`${gatewayUrl}${PREFIX}/open`, '--direct', serviceUrl]);
      expect(open).to.deep.include({ code: 1, stderr: 'service-auth: not well: directly: guard.\n' });
      expect(open.stdout)
        .to.match(/^Together: .*is let in/m)
        .and.not.include('as it should be');
    });

    it('tells that the direct way alone is at fault, or both are', async () => {
      const { gatewayUrl, serviceUrl } = await openBakery(stage);
      const lost = await run([gatewayUrl + PREVIEW, '--direct', `${serviceUrl}/lost`]);
      expect(lost.code).to.equal(1);
      expect(lost.stderr).to.include('not well: directly: service.');
      const both = await run([`${gatewayUrl}/lost`, '--direct', `${serviceUrl}/lost`]);
      expect(both.stderr).to.include('not well: gateway, directly: service.');
      const same = await run([`${gatewayUrl}${PREFIX}/sales`, '--direct', serviceUrl]);
      expect(same.stderr).to.include('not well: guard.');
    });
  });

  it('tries another authority with --ca', async () => {
    const { gatewayUrl } = await openBakery(stage);
    const { sound, authority } = makeCertificates(stage);
    const origin = await stage.https(sound, (req, res) => {
      passOn(gatewayUrl, req, res);
    });
    expect((await report([origin + PREVIEW])).verdict).to.deep.include({ step: 'tls' });
    stage.cli.write('ca.pem', readFileSync(authority));
    expect(await report([origin + PREVIEW, '--ca', 'ca.pem'])).to.deep.include({ ok: true });
  });

  for (const code of ['constructor', '__proto__', 'not_known_here']) {
    it(`bears a server that calls its code ${code}`, async () => {
      const origin = await stage.http(({ headers }, res) => {
        const echo = { 'x-request-id': String(headers['x-request-id']) };
        res.writeHead(401, { 'content-type': 'application/problem+json', ...echo });
        res.end(JSON.stringify({ type: `urn:service-auth:error:${code}`, code }));
      });
      const { verdict, steps } = await report([`${origin}/x`]);
      expect(verdict?.seen).to.include(`401 ${code}`);
      expect(steps.some(({ status }) => status === 'failed')).to.equal(true);
    });
  }

  it('gives up after --timeout', async () => {
    const port = await stage.tcp((socket) => socket.resume());
    const { verdict } = await report([`http://127.0.0.1:${port}/x`, '--timeout', '1s']);
    expect(verdict).to.deep.include({ step: 'connection' });
    expect(verdict?.seen).to.include('in 1 s');
  });

  describe('is wrong (exit code 2), and asks nothing, with', () => {
    const WRONG: readonly (readonly [args: readonly string[], why: RegExp])[] = [
      [[], /missing required argument/],
      [['orders'], /The URL must be a URL/],
      [['http://api.example.com/x'], /--dangerously-allow-plain-http/],
      [['http://127.0.0.1/x', '--direct', 'http://api.example.com'], /--direct leads out/],
      [['http://127.0.0.1/', '--path', 'x'], /--path must begin/],
      [['http://127.0.0.1/x', '--path', '/y'], /has a path already/],
      [['http://127.0.0.1/', '--path', '//api.example.com/'], /leads to another host/],
      [['http://127.0.0.1/', '--service', 'order-service'], /Did you mean 'orders-service'/],
      [['http://127.0.0.1/x', '--ca', 'nowhere'], /--ca/],
      [['http://127.0.0.1/x', '--timeout', 'soon'], /--timeout/],
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
