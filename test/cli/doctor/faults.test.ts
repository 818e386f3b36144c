import { expect } from 'chai';
import { type DoctorReport, STEPS } from '../../../lib/cli/doctor/diagnosis.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import { needsProgram } from '../../support/needs-program.js';
import type { CliResult } from '../cli.js';
import { CLOCK_FAULTS } from './faults/clock-faults.js';
import type { Call, Fault } from './faults/fault.js';
import { GATEWAY_FAULTS } from './faults/gateway-faults.js';
import { NETWORK_FAULTS } from './faults/network-faults.js';
import { NGINX_FAULTS } from './faults/nginx-faults.js';
import { PROXY_FAULTS } from './faults/proxy-faults.js';
import { runCall } from './faults/run-call.js';
import { SERVICE_FAULTS } from './faults/service-faults.js';
import { SETTINGS_FAULTS } from './faults/settings-faults.js';
import { eachOnStage, type Stage } from './faults/stage.js';
import { TLS_FAULTS } from './faults/tls-faults.js';
import { TOKEN_FAULTS } from './faults/token-faults.js';
import { TOKEN_SOURCE_FAULTS } from './faults/token-source-faults.js';

const FAULTS: readonly (readonly [where: string, faults: readonly Fault[]])[] = [
  ['the settings', SETTINGS_FAULTS],
  ['where the token lies', TOKEN_SOURCE_FAULTS],
  ['the token', TOKEN_FAULTS],
  ['the gateway', GATEWAY_FAULTS],
  ['the service', SERVICE_FAULTS],
  ['a real nginx', NGINX_FAULTS],
  ['something else in between', PROXY_FAULTS],
  ['the network', NETWORK_FAULTS],
  ['TLS', TLS_FAULTS],
  ['the clocks', CLOCK_FAULTS],
];

describe('service-auth doctor, before faults that are made for real', function () {
  this.timeout(180_000);
  let stage: Stage;
  eachOnStage((made) => {
    stage = made;
  });

  for (const [where, faults] of FAULTS) {
    describe(`of ${where}`, () => {
      for (const fault of faults) {
        it(`names ${fault.step} where ${fault.title}`, async function () {
          for (const program of fault.needs ?? []) needsProgram(this, program);
          const { result, report } = await ask(fault, true);
          expect(report.verdict, result.stderr).to.deep.include({ step: fault.step });
          expect(report.verdict?.remedy).to.match(fault.remedy);
          if (fault.seen !== undefined) expect(report.verdict?.seen).to.match(fault.seen);
          expect(report.ok).to.equal(false);
          expect(result.code).to.equal(1);
          expectOneStory(report);
        });

        it(`finds all well where it is not so that ${fault.title}`, async function () {
          for (const program of fault.needs ?? []) needsProgram(this, program);
          const { result, report } = await ask(fault, false);
          expect(report.verdict, result.stdout).to.equal(null);
          expect(report.ok).to.equal(true);
          expect(result.code).to.equal(0);
          expect(report.answer).to.deep.include({ status: 200, by: 'service' });
        });
      }
    });
  }

  async function ask(fault: Fault, isBroken: boolean): Promise<{ result: CliResult; report: DoctorReport }> {
    const call = await fault.make(stage, isBroken);
    const result = await runCall(stage, 'doctor', call, '--json');
    expectNothingDone(stage, call, result);
    return { result, report: JSON.parse(result.stdout) as DoctorReport };
  }
});

/** A path that no gateway of ours passes on, by which the doctor finds out whether there is one. */
const NOT_NORMAL = '/%5C';

/** Nothing but questions was sent, the token to nowhere else, and it is not shown. */
function expectNothingDone(stage: Stage, call: Call, { stdout, stderr }: CliResult): void {
  for (const { method } of stage.requests) expect(method).to.be.oneOf(['GET', 'HEAD']);
  for (const { path, hasToken } of stage.requests) {
    const isAsked = call.args.some((arg) => arg.endsWith(path));
    expect(isAsked || (path.endsWith(NOT_NORMAL) && !hasToken), path).to.equal(true);
  }
  for (const token of stage.tokens) {
    for (const part of token.split('.').slice(1)) expectNoPieceOf(part, stdout + stderr);
  }
  expectNoPieceOf(stage.secret, stdout + stderr);
}

/** Every step is there in its order; the first that failed is the verdict; what was skipped says why. */
function expectOneStory({ steps, verdict }: DoctorReport): void {
  expect(steps.map(({ id }) => id)).to.deep.equal(STEPS.map(({ id }) => id));
  expect(steps.find(({ status }) => status === 'failed')).to.deep.include(
    verdict === null ? {} : { id: verdict.step, seen: verdict.seen, remedy: verdict.remedy },
  );
  for (const step of steps) if (step.status === 'skipped') expect(step.why).not.to.equal('');
}
