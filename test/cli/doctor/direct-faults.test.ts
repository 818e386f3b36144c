import { expect } from 'chai';
import type { DoctorReport } from '../../../lib/cli/doctor/diagnosis.js';
import { deriveAssertionKey } from '../../../lib/shared/assertion-keys.js';
import { newSecret } from '../../support/keys.js';
import { needsProgram } from '../../support/needs-program.js';
import { startNginx } from '../../support/nginx.js';
import { withoutNock } from '../../support/without-nock.js';
import { type BakeryFlaws, openBakery, PREVIEW, SERVICE } from './faults/bakery.js';
import { withToken } from './faults/fault.js';
import { runCall } from './faults/run-call.js';
import { closedPort, createStage, portOf, type Stage } from './faults/stage.js';

// The way through the gateway beside the way past it: what only one of them has is where the fault is.
describe('service-auth doctor --direct, before faults that are made for real', function () {
  this.timeout(60_000);
  withoutNock();
  let stage: Stage;
  beforeEach(function () {
    stage = createStage((name) => needsProgram(this, name));
  });
  afterEach(() => stage.end());

  const FLAWS: readonly (readonly [
    title: string,
    flaws: () => BakeryFlaws,
    through: string | undefined,
    past: string | undefined,
    conclusion: RegExp,
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
  ];
  for (const [title, flaws, through, past, conclusion] of FLAWS) {
    it(`compares the two ways where ${title}`, async () => {
      const { gatewayUrl, serviceUrl } = await openBakery(stage, flaws());
      const { code, report } = await ask(gatewayUrl, serviceUrl);
      expect([report.verdict?.step, report.direct?.verdict?.step]).to.deep.equal([through, past]);
      expect(report.conclusion).to.match(conclusion);
      const isWell = through === undefined && past === undefined;
      expect({ code, ok: report.ok }).to.deep.equal({ code: isWell ? 0 : 1, ok: isWell });
    });
  }

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
    expect([noGateway.code, noService.code]).to.deep.equal([1, 1]);
  });

  async function ask(gatewayUrl: string, serviceUrl: string): Promise<{ code: number; report: DoctorReport }> {
    const args = [gatewayUrl + PREVIEW, '--direct', serviceUrl];
    const { code, stdout } = await runCall(stage, 'doctor', { args, env: withToken(stage.mint()) }, '--json');
    for (const { method } of stage.requests) expect(method).to.be.oneOf(['GET', 'HEAD']);
    return { code, report: JSON.parse(stdout) as DoctorReport };
  }
});
