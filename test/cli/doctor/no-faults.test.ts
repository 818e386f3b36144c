import { expect } from 'chai';
import type { DoctorReport, StepId } from '../../../lib/cli/doctor/diagnosis.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import { openBakery, PREFIX, PREVIEW } from './faults/bakery.js';
import { passOn } from './faults/proxy-faults.js';
import { type Call, withToken } from './faults/fault.js';
import { runCall } from './faults/run-call.js';
import { closedPort, eachOnStage, type Stage } from './faults/stage.js';

// What looks odd, or cannot be looked at, and breaks nothing.
describe('service-auth doctor, where nothing is broken', function () {
  this.timeout(180_000);
  let stage: Stage;
  eachOnStage((made) => {
    stage = made;
  });

  it('says of an answer without Date that the clock was not looked at', async () => {
    const { gatewayUrl } = await openBakery(stage);
    const origin = await stage.http((req, res) => {
      res.sendDate = false;
      passOn(gatewayUrl, req, res, { date: undefined });
    });
    await expectWell({ args: [origin + PREVIEW] }, 'clock');
  });

  it('says of a Redis that is away that revocations were not looked at', async () => {
    const { gatewayUrl } = await openBakery(stage);
    const env = { REDIS_URL: `redis://127.0.0.1:${await closedPort()}` };
    await expectWell({ args: [gatewayUrl + PREVIEW], env }, 'token-revoked');
  });

  it('says where there are no keys that the signature was not looked at', async () => {
    const { gatewayUrl } = await openBakery(stage);
    await expectWell({ args: [gatewayUrl + PREVIEW], env: { JWT_SECRET_KEY: undefined } }, 'token-signature');
  });

  it('takes a service that has nothing of a tenant for a sound one', async () => {
    const { gatewayUrl } = await openBakery(stage);
    await expectWell({ args: [`${gatewayUrl}${PREFIX}/tenant/8/deletion-preview`] }, undefined);
  });

  it('asks for the deletion preview of nobody where it is told the service alone', async () => {
    const { gatewayUrl } = await openBakery(stage);
    await expectWell({ args: [gatewayUrl, '--service', 'orders-service'] }, undefined);
  });

  it('lets the token of the audience in that it names', async () => {
    const { gatewayUrl, serviceUrl } = await openBakery(stage);
    for (const [origin, audience] of [
      [gatewayUrl, 'api-gateway'],
      [gatewayUrl, 'orders-service'],
      [serviceUrl, 'orders-service'],
    ] as const) {
      await expectWell({ args: [origin + PREVIEW], env: withToken(stage.mint({ audience })) }, undefined);
    }
  });

  it('forgives clocks that differ by less than tokens are forgiven', async () => {
    const { gatewayUrl } = await openBakery(stage);
    const origin = await stage.http((req, res) => {
      passOn(gatewayUrl, req, res, { date: new Date(Date.now() - 3000).toUTCString() });
    });
    await expectWell({ args: [origin + PREVIEW] }, undefined);
  });

  it('reads an answer that never ends no further than it must', async () => {
    const origin = await stage.http((req, res) => {
      const isKnown = req.headers.authorization !== undefined;
      res.writeHead(isKnown ? 200 : 401, { 'Content-Type': 'application/json', 'X-Request-Id': id(req.headers) });
      if (!isKnown) return void res.end('{}');
      const timer = setInterval(() => res.write('{"orders": 12}\n'.repeat(1000)), 1);
      res.once('close', () => {
        clearInterval(timer);
      });
    });
    await expectWell({ args: [origin + PREVIEW, '--timeout', '10s'] }, undefined);
  });

  it('says to people what it says to programs', async () => {
    const { gatewayUrl } = await openBakery(stage);
    const call = { args: [gatewayUrl + PREVIEW], env: withToken(stage.mint()) };
    const { code, stdout } = await runCall(stage, 'doctor', call);
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/^ok +the token arrives/m)
      .and.match(/All is well/);
    const broken = await runCall(stage, 'doctor', { ...call, args: [`${gatewayUrl}${PREFIX}/sales`] });
    expect(broken.code).to.equal(1);
    expect(broken.stdout)
      .to.match(/^FAILED +the guard lets us in/m)
      .and.match(/Remedy: +\S/);
    for (const token of stage.tokens)
      expectNoPieceOf(String(token.split('.')[1]), stdout + broken.stdout + broken.stderr);
  });

  it('sends nothing to a place where others can read the token on the way', async () => {
    const env = withToken(stage.mint());
    const { code, stderr } = await runCall(stage, 'doctor', { args: [`http://shop.example.com${PREVIEW}`], env });
    expect(code).to.equal(2);
    expect(stderr).to.match(/https/);
  });

  /** All is well, with at most one step that was not looked at beside those that this machine has none of. */
  async function expectWell(call: Call, skipped: StepId | undefined): Promise<void> {
    const token = withToken(stage.mint());
    const { code, stdout } = await runCall(stage, 'doctor', { ...call, env: { ...token, ...call.env } }, '--json');
    const report = JSON.parse(stdout) as DoctorReport;
    expect(report.verdict).to.equal(null);
    expect(code).to.equal(0);
    const step = report.steps.find(({ id }) => id === skipped);
    if (skipped !== undefined) expect(step).to.include({ status: 'skipped' });
    for (const { method } of stage.requests) expect(method).to.be.oneOf(['GET', 'HEAD']);
  }
});

function id(headers: Readonly<Record<string, unknown>>): string {
  return String(headers['x-request-id']);
}
