import { expect } from 'chai';
import { judgeLife } from '../../../lib/cli/doctor/token-life.js';
import { fakeDate } from '../../support/clock.js';

const NOW = 1_795_600_000;
const AHEAD = [600];
const BEHIND = [-600];

describe('judgeLife', () => {
  fakeDate(NOW);
  const judge = (payload: Readonly<Record<string, unknown>>, offsets: readonly number[] = []) =>
    judgeLife({ text: '', keyId: undefined, headerType: undefined, payload }, offsets);

  const TABLE: readonly (readonly [what: string, payload: object, offsets: readonly number[], status: string])[] = [
    ['a token that lives', { iat: NOW - 10, exp: NOW + 60 }, [], 'passed'],
    ['one that has expired', { exp: NOW - 60 }, [], 'failed'],
    ['one that expired within the tolerance', { exp: NOW - 4 }, [], 'passed'],
    ['one that expired just beyond it', { exp: NOW - 5 }, [], 'failed'],
    ['one that lives by the server, which is behind', { exp: NOW - 60 }, BEHIND, 'passed'],
    ['one that lives by us, where the server is ahead', { exp: NOW + 60 }, AHEAD, 'passed'],
    ['one that has expired by both', { exp: NOW - 60 }, AHEAD, 'failed'],
    ['one of the future', { nbf: NOW + 60, exp: NOW + 900 }, [], 'failed'],
    ['one that was issued in the future', { iat: NOW + 60, exp: NOW + 900 }, [], 'failed'],
    ['one of the future within the tolerance', { iat: NOW + 5, exp: NOW + 900 }, [], 'passed'],
    ['one of the future by us alone', { iat: NOW + 60, exp: NOW + 900 }, AHEAD, 'passed'],
    ['one without an end', {}, [], 'skipped'],
  ];
  for (const [what, payload, offsets, status] of TABLE) {
    it(`finds ${status}: ${what}`, () => {
      expect(judge({ ...payload }, offsets).status).to.equal(status);
    });
  }

  it('names the service whose token is to be minted anew, where that is a name', () => {
    const remedy = (payload: object): unknown => (judge({ ...payload }) as { readonly remedy?: string }).remedy;
    expect(remedy({ exp: NOW - 60, service: 'orders-service' })).to.include("'service-auth generate orders-service'");
    expect(remedy({ exp: NOW - 60, service: '$(rm -r .)' })).to.include("'service-auth generate'");
  });

  it('tells the two ways of being of the future apart', () => {
    const seen = (payload: object): unknown => (judge({ ...payload }) as { readonly seen?: string }).seen;
    expect(seen({ nbf: NOW + 60, exp: NOW + 900 })).to.match(/^It is not valid before/);
    expect(seen({ iat: NOW + 60, exp: NOW + 900 })).to.match(/issued at/);
  });
});
