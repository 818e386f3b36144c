import { expect } from 'chai';
import { bearerToken } from '../../lib/server/bearer.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { newSecret } from '../support/keys.js';
import { ask, outcome, probe } from '../support/probe.js';
import { bearerLine, CALLER, serviceToken } from '../support/proofs.js';
import { refusalOf } from '../support/refusals.js';

// V21
const ABSENT = [
  '',
  'Basic YTpi',
  'Digest a=b',
  'Bearerx',
  'Bearer-x y',
  'xBearer y',
  'Basic a, Bearer b',
  'token',
  'DPoP x',
];
const PRESENT = ['Bearer x', 'bearer x', 'BEARER x', 'bEaReR x'];
const MALFORMED = [
  'Bearer',
  'Bearer ',
  'Bearer  x',
  'Bearer\tx',
  'Bearer \tx',
  'Bearer x ',
  'Bearer x y',
  'Bearer x\ty',
  'Bearer x,y',
  'Bearer x,Bearer y',
  'Bearer x, Basic y',
  'Bearer,',
  'Bearer, x',
  'Bearer \u00a0x',
];

describe('bearerToken', () => {
  it('finds none where there is no line', () => {
    expect(bearerToken([])).to.equal(undefined);
  });

  for (const value of ABSENT) {
    it(`finds none in ${JSON.stringify(value)}`, () => {
      expect(bearerToken([value])).to.equal(undefined);
    });
  }

  for (const value of PRESENT) {
    it(`finds it in ${JSON.stringify(value)}`, () => {
      expect(bearerToken([value])).to.equal('x');
    });
  }

  for (const value of MALFORMED) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      expect(refusalOf(() => bearerToken([value]))).to.deep.equal({
        code: 'invalid_token',
        reason: 'malformed_authorization',
      });
    });
  }

  it('refuses a value that is no text', () => {
    expect(refusalOf(() => bearerToken([undefined]))).to.deep.equal({
      code: 'invalid_token',
      reason: 'malformed_authorization',
    });
  });

  it('refuses two lines, whatever stands in them', () => {
    for (const lines of [
      ['Bearer x', 'Bearer x'],
      ['Basic x', 'Bearer x'],
      ['Basic x', 'Basic x'],
      [undefined, undefined],
    ]) {
      expect(refusalOf(() => bearerToken(lines))).to.deep.equal({
        code: 'invalid_token',
        reason: 'duplicate_authorization',
      });
    }
  });
});

for (const { name, express } of EXPRESS_VERSIONS) {
  // V21
  describe(`contextFromGateway, ${name}: Authorization`, () => {
    const secret = newSecret();
    const token = serviceToken(secret);
    const app = probe(express, { keys: secret, audience: null }, [express.json()]);
    const result = async (value: string): Promise<string> =>
      outcome(await ask(app, { lines: [`Authorization: ${value}`] }));

    it('takes Bearer in any case', async () => {
      for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
        expect(await result(`${scheme} ${token}`)).to.equal(`${CALLER} via bearer`);
      }
    });

    it('refuses every other spelling of the same token', async () => {
      for (const value of [
        `Bearer  ${token}`,
        `Bearer\t${token}`,
        `Bearer ${token} y`,
        `Bearer ${token},Bearer ${token}`,
      ]) {
        expect(await result(value), value).to.equal('nobody: invalid_token');
      }
      for (const value of ['Bearer', 'Bearer ']) expect(await result(value), value).to.equal('nobody: invalid_token');
      for (const value of ['', token, `Basic ${token}`]) {
        expect(await result(value), value).to.equal('nobody: missing_credentials');
      }
    });

    it('looks for no token in query, cookie or body', async () => {
      const body = JSON.stringify({ access_token: token });
      const story = await ask(app, {
        method: 'POST',
        path: `/?access_token=${token}&token=${token}`,
        lines: [`Cookie: token=${token}`, 'Content-Type: application/json', `Content-Length: ${String(body.length)}`],
        rest: body,
      });
      expect(outcome(story)).to.equal('nobody: missing_credentials');
      expect(outcome(await ask(app, { lines: [bearerLine(token)] }))).to.equal(`${CALLER} via bearer`);
    });
  });
}
