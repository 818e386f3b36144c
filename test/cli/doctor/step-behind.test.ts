import { expect } from 'chai';
import { stepBehind, type WayAnswers, type WayStep } from '../../../lib/cli/doctor/step-behind.js';
import type { Answer } from '../../../lib/cli/doctor/probe.js';
import { answer, ECHO, PASSED_ON, problem, read } from './answers.js';

const REFUSED = problem(401, 'missing_credentials');
const REFUSED_BEHIND = problem(401, 'missing_credentials', PASSED_ON);

/** What came back, through a gateway or past it. */
function answers(isGatewayThere: boolean, authed: Answer | undefined, bare: Answer = REFUSED): WayAnswers {
  return {
    authed: authed && read(authed, isGatewayThere),
    bare: read(bare, isGatewayThere),
    isGatewayThere,
  };
}

describe('stepBehind', () => {
  const DOUBT = /only --direct tells whether it checks/;
  const SERVICES: readonly WayStep[] = ['trust', 'guard'];

  for (const step of SERVICES) {
    describe(`of ${step}`, () => {
      for (const status of [404, 405, 308]) {
        it(`takes ${String(status)} in the service's own words through the gateway for no sign`, () => {
          expect(stepBehind(step, answers(true, answer(status, PASSED_ON)))).to.have.property('status', 'skipped');
        });

        it(`takes ${String(status)} for one where the service itself refuses whoever has no token`, () => {
          expect(stepBehind(step, answers(false, answer(status, ECHO)))).to.deep.equal({ status: 'passed' });
        });
      }

      it('takes the 404 of an endpoint of ours for a sign', () => {
        const found = stepBehind(step, answers(true, problem(404, 'tenant_not_found', PASSED_ON)));
        expect(found).to.deep.equal({ status: 'passed' });
      });

      for (const status of [200, 422, 500]) {
        it(`says of ${String(status)} through the gateway that it does not tell whether the service checks`, () => {
          const found = stepBehind(step, answers(true, answer(status, PASSED_ON)));
          expect(found).to.have.property('status', 'passed');
          expect((found as { readonly seen?: string }).seen)
            .to.match(DOUBT)
            .and.include(String(status));
        });

        it(`has no doubt of ${String(status)} where the service itself refuses whoever has no token`, () => {
          for (const found of [
            stepBehind(step, answers(false, answer(status, ECHO))),
            stepBehind(step, answers(true, answer(status, PASSED_ON), REFUSED_BEHIND)),
          ]) {
            expect(found).to.deep.equal({ status: 'passed' });
          }
        });
      }

      it('is skipped where the answer is the same without the token, or another one answered', () => {
        const same = answers(false, answer(404, ECHO), answer(404, ECHO));
        expect(stepBehind(step, same)).to.have.property('status', 'skipped');
        const byGateway = answers(true, problem(502, 'upstream_unreachable'));
        expect(stepBehind(step, byGateway)).to.have.property('status', 'skipped');
      });
    });
  }

  it('takes a lost answer for let in only where the service itself refuses whoever has no token', () => {
    expect(stepBehind('guard', answers(false, undefined)).status).to.equal('passed');
    expect(stepBehind('guard', answers(true, undefined)).status).to.equal('skipped');
    expect(stepBehind('trust', answers(true, undefined)).status).to.equal('skipped');
  });

  it('tells a rule of another make from our guards', () => {
    for (const status of [401, 403]) {
      expect(stepBehind('guard', answers(true, answer(status, PASSED_ON))).status).to.equal('skipped');
    }
  });

  it('names gateway and service, as far as they have shown themselves', () => {
    const through = answers(true, answer(200, PASSED_ON));
    expect(stepBehind('gateway', through)).to.deep.equal({ status: 'passed', seen: 'api-gateway' });
    expect(stepBehind('gateway', answers(false, answer(200, ECHO))).status).to.equal('skipped');
    expect(stepBehind('service', through)).to.deep.include({ seen: 'The service behind api-gateway answers 200.' });
    expect(stepBehind('token-arrives', through)).to.deep.equal({ status: 'passed' });
    const same = answers(true, answer(200, PASSED_ON), answer(200, PASSED_ON));
    expect(stepBehind('token-arrives', same).status).to.equal('skipped');
  });
});
