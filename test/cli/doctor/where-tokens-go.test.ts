import { expect } from 'chai';
import { CliError } from '../../../lib/cli/cli-error.js';
import { readTarget } from '../../../lib/cli/doctor/where-tokens-go.js';
import { newSecret } from '../../support/keys.js';
import { expectNoPieceOf } from '../../support/refusals.js';

describe('readTarget', () => {
  for (const url of [
    'https://api.example.com/x',
    'http://orders-service:8000/',
    'http://127.0.0.1:80/x?y',
    'http://[::1]/',
  ]) {
    it(`takes ${url}`, () => {
      expect(readTarget('The URL', url, false).href).to.equal(new URL(url).href);
    });
  }

  it('takes plain http to elsewhere where it was said so, and leaves a fragment out', () => {
    expect(readTarget('The URL', 'http://api.example.com/x#y', true).href).to.equal('http://api.example.com/x');
  });

  const WRONG: readonly (readonly [text: string, why: RegExp])[] = [
    ['http://api.example.com/x', /--dangerously-allow-plain-http/],
    ['https://user@api.example.com', /user name/],
    ['https://:word@api.example.com', /user name/],
    ['ftp://api.example.com', /must be a URL.*'ftp/],
    ['api.example.com', /must be a URL/],
    ['http://', /must be a URL/],
    ['https://[', /must be a URL/],
    ['', /must be a URL/],
  ];
  for (const [text, why] of WRONG) {
    it(`refuses '${text}'`, () => {
      expect(() => readTarget('--base', text, false))
        .to.throw(CliError, why)
        .with.property('exitCode', 2);
    });
  }

  it('shows nothing that may be a secret', () => {
    const secret = newSecret();
    try {
      readTarget('The URL', secret, false);
      expect.fail();
    } catch (error) {
      expectNoPieceOf(secret, (error as Error).message);
    }
  });
});
