import { expect } from 'chai';
import type { DoctorReport } from '../../../lib/cli/doctor/diagnosis.js';
import { deriveAssertionKey } from '../../../lib/shared/assertion-keys.js';
import { newSecret } from '../../support/keys.js';
import { needsProgram } from '../../support/needs-program.js';
import { startNginx } from '../../support/nginx.js';
import { type BakeryFlaws, openBakery, PREFIX, PREVIEW, SERVICE } from './faults/bakery.js';
import { withToken } from './faults/fault.js';
import { runCall } from './faults/run-call.js';
import { closedPort, eachOnStage, portOf, type Stage } from './faults/stage.js';

// The way through the gateway beside the way past it: what only one of them has is where the fault is.
describe('service-auth doctor --direct, before faults that are made for real', function () {
  this.timeout(180_000);
  let stage: Stage;
  eachOnStage((made) => {
    stage = made;
  });

  const FLAWS: readonly (readonly [
    title: string,
    flaws: () => BakeryFlaws,
    through: string | undefined,
    past: string | undefined,
    conclusion: RegExp,
    path?: string,
  ])[] = [
    ['nothing is broken', () => ({}), undefined, undefined, /well/],
    ['the gateway has another secret', () => ({ gateway: { keys: newSecret() } }), 'gateway', undefined, /gateway/],
    [
      'the service has another key of assertions',
      () => ({ service: { assertionKeys: deriveAssertionKey(SERVICE, { keys: newSecret() }) } }),
      'trust',
      undefined,
      /assertion/,
    ],
    ['the service has another secret', () => ({ service: { keys: newSecret() } }), 'trust', 'trust', /Both/],
    [
      'the service has another name, and tokens name none',
      () => ({ service: { audience: 'sales-service' } }),
      'trust',
      undefined,
      /name/,
    ],
    [
      'the service has the key of assertions alone, which belongs to another secret',
      () => ({ service: { keys: undefined, assertionKeys: deriveAssertionKey(SERVICE, { keys: newSecret() }) } }),
      'trust',
      'trust',
      /invalid_token.*unproven_identity/,
    ],
    ['the service has no key at all', () => ({ service: { keys: undefined } }), 'trust', 'trust', /^Both ways/],
    [
      'the endpoint has no guard',
      () => ({}),
      undefined,
      'guard',
      /whoever reaches it past the gateway is let in/,
      `${PREFIX}/open`,
    ],
  ];
  for (const [title, flaws, through, past, conclusion, path] of FLAWS) {
    it(`compares the two ways where ${title}`, async () => {
      const { gatewayUrl, serviceUrl } = await openBakery(stage, flaws());
      const { code, report } = await ask(gatewayUrl, serviceUrl, path);
      expect([report.verdict?.step, report.direct?.verdict?.step]).to.deep.equal([through, past]);
      expect(report.conclusion).to.match(conclusion);
      if (past !== undefined && through === undefined) expect(report.conclusion).not.to.match(/as it should be/);
      const isWell = through === undefined && past === undefined;
      expect({ code, ok: report.ok }).to.deep.equal({ code: isWell ? 0 : 1, ok: isWell });
    });
  }

  it('takes a service that has the key of assertions alone for a sound one, through the gateway', async () => {
    const assertionKeys = deriveAssertionKey(SERVICE, { keys: stage.secret });
    const { gatewayUrl, serviceUrl } = await openBakery(stage, { service: { keys: undefined, assertionKeys } });
    const { code, report } = await ask(gatewayUrl, serviceUrl);
    expect([report.verdict, report.direct?.verdict?.step]).to.deep.equal([null, 'trust']);
    expect(report.direct?.answer).to.deep.include({ code: 'unproven_identity' });
    expect(report.conclusion).to.match(/as it should be/);
    expect({ code, ok: report.ok }).to.deep.equal({ code: 0, ok: true });
  });

  it('says that the token arrives directly, where a real nginx strips it before the gateway', async function () {
    const program = needsProgram(this, 'nginx');
    const { gatewayUrl, serviceUrl } = await openBakery(stage);
    const before = async (line: string): Promise<string> => {
      const nginx = await startNginx(
        program,
        () => `location / { proxy_pass http://127.0.0.1:${portOf(gatewayUrl)}; ${line} }`,
      );
      stage.onEnd(nginx.stop);
      return `http://127.0.0.1:${nginx.port}`;
    };
    const { report } = await ask(await before('proxy_set_header Authorization "";'), serviceUrl);
    expect([report.verdict?.step, report.direct?.verdict]).to.deep.equal(['token-arrives', null]);
    expect(report.conclusion).to.match(/arrives directly/);
    const sound = await ask(await before(''), serviceUrl);
    expect(sound.report.conclusion).to.match(/well/);
    expect(sound.code).to.equal(0);
  });

  it('says so where only the gateway can be reached, and where only the service can', async () => {
    const { gatewayUrl, serviceUrl } = await openBakery(stage);
    const nowhere = `http://127.0.0.1:${await closedPort()}`;
    const noGateway = await ask(nowhere, serviceUrl);
    expect([noGateway.report.verdict?.step, noGateway.report.direct?.verdict]).to.deep.equal(['connection', null]);
    const noService = await ask(gatewayUrl, nowhere);
    expect([noService.report.verdict, noService.report.direct?.verdict?.step]).to.deep.equal([null, 'connection']);
    expect(noService.report.conclusion).to.match(/as it should be/);
    expect([noGateway.code, noService.code]).to.deep.equal([1, 0]);
    const silent = `http://127.0.0.1:${await stage.tcp((socket) => socket.resume())}`;
    const hung = await ask(gatewayUrl, silent, PREVIEW, '--timeout', '1s');
    expect([hung.report.verdict, hung.report.direct?.verdict?.step, hung.code]).to.deep.equal([null, 'connection', 1]);
  });

  async function ask(
    gatewayUrl: string,
    serviceUrl: string,
    path = PREVIEW,
    ...options: readonly string[]
  ): Promise<{ code: number; report: DoctorReport }> {
    const args = [gatewayUrl + path, '--direct', serviceUrl, ...options];
    const { code, stdout } = await runCall(stage, 'doctor', { args, env: withToken(stage.mint()) }, '--json');
    for (const { method } of stage.requests) expect(method).to.be.oneOf(['GET', 'HEAD']);
    return { code, report: JSON.parse(stdout) as DoctorReport };
  }
});
