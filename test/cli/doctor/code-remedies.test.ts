import { expect } from 'chai';
import { remedyOfCode } from '../../../lib/cli/doctor/code-remedies.js';
import type { ClientFacts } from '../../../lib/cli/doctor/evidence.js';
import { answer, CLIENT, ECHO, PASSED_ON, problem, read } from './answers.js';

function remedy(code: string, client: Partial<ClientFacts> = {}, headers = ECHO, isGatewayThere = false): string {
  return remedyOfCode(code, {
    authed: read(problem(401, code, headers), isGatewayThere),
    bare: undefined,
    client: { ...CLIENT, ...client },
  });
}

describe('remedyOfCode', () => {
  it('tells the gateway from the service where both may refuse', () => {
    for (const code of ['constructor', '__proto__', 'to_string']) {
      expect(remedy(code)).to.include(`docs/errors.md says what ${code} means`);
    }
    for (const code of ['token_expired', 'invalid_token', 'keys_unavailable', 'revocations_stale']) {
      expect(remedy(code, {}, ECHO, true), code).to.match(/the gateway/i);
      expect(remedy(code), code).to.match(/the service/i);
    }
  });

  it('says whose keys are others, if that is known', () => {
    expect(remedy('invalid_token', { isSignedByUs: true })).to.match(
      /^The keys here prove the token.*\(key id key-1\)/,
    );
    expect(remedy('invalid_token', { isSignedByUs: undefined })).to.match(/--keys/);
    expect(remedy('invalid_token', { keyId: undefined })).not.to.include('key id');
  });

  it('names the service for which a key is to be derived, if it is known', () => {
    for (const code of ['invalid_token', 'unproven_identity']) {
      expect(remedy(code, { target: 'orders-service' }, PASSED_ON)).to.include(
        "'service-auth keys derive orders-service'",
      );
      expect(remedy(code, {}, PASSED_ON)).to.include("'service-auth keys derive'");
    }
  });

  it('tells a direct call, for which there are no keys, from one through the gateway', () => {
    expect(remedy('unproven_identity')).to.match(/through the gateway.*JWT_SECRET_KEY/);
    expect(remedy('unproven_identity', {}, PASSED_ON)).to.match(/forwardAuthorization.*X-Gateway-Assertion/);
    expect(remedy('conflicting_identity')).to.match(/^Something in between/);
    expect(remedy('conflicting_identity', {}, PASSED_ON)).to.match(/^Something between gateway and service/);
  });

  it('tells a token for another service from a service with another name', () => {
    const known = { target: 'orders-service' };
    expect(remedy('wrong_audience', known, PASSED_ON)).to.match(/SERVICE_NAME.*orders-service\?/);
    expect(remedy('wrong_audience', {}, PASSED_ON))
      .to.match(/SERVICE_NAME/)
      .and.not.to.include('?');
    expect(remedy('wrong_audience', { ...known, audiences: ['orders-service'] })).to.match(
      /^The token is for orders-service/,
    );
    expect(remedy('wrong_audience', { ...known, audiences: ['sales-service'] })).to.match(/--audience orders-service/);
    expect(remedy('wrong_audience', { service: undefined })).to.match(/generate <service> --audience <service>/);
  });

  it('names the caller, if it is known', () => {
    expect(remedy('service_not_allowed')).to.include("'sales-service'");
    expect(remedy('service_not_allowed', { service: undefined })).to.include('this service');
    for (const code of ['token_expired', 'token_revoked']) {
      expect(remedy(code), code).to.include("'service-auth generate sales-service'");
      expect(remedy(code, { service: undefined }), code).to.include("'service-auth generate'");
    }
    expect(remedy('scope_missing')).to.include('generate sales-service --scope');
    expect(remedy('scope_missing', { service: undefined })).to.include('generate <service> --scope');
  });

  it('sends to the log where there is a request id to look for', () => {
    const without = { ...read(problem(403, 'service_required', {})) };
    expect(remedy('service_required')).to.include('request id');
    expect(remedyOfCode('service_required', { authed: without, bare: undefined, client: CLIENT })).not.to.include(
      'request id',
    );
  });

  it('says in whose log the reason stands', () => {
    expect(remedy('invalid_token', {}, ECHO, true)).to.include('in the log of the gateway,');
    expect(remedy('invalid_token')).to.include('in the log of the service,');
    expect(remedy('invalid_token', {}, PASSED_ON, true)).to.include('in the log of the service,');
    const nobodyKnows = { authed: read(problem(401, 'invalid_token')), bare: undefined, client: CLIENT };
    expect(remedyOfCode('invalid_token', nobodyKnows)).to.include('in the log of the gateway or of the service,');
  });

  it('sends to the document where it knows no more', () => {
    expect(remedy('method_not_allowed')).to.include('docs/errors.md');
  });

  it('tells what a service does not see from what takes it away', () => {
    const bare = read(answer(401, PASSED_ON));
    const authed = read(problem(401, 'missing_credentials', PASSED_ON));
    expect(remedyOfCode('missing_credentials', { authed, bare, client: CLIENT })).to.include('public');
    expect(remedyOfCode('missing_credentials', { authed, bare: undefined, client: CLIENT })).to.include(
      'X-Gateway-Assertion',
    );
  });
});
