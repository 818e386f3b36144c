import { expect } from 'chai';
import { readAuthorities } from '../../../lib/cli/doctor/authorities.js';
import type { CliIo } from '../../../lib/cli/cli-io.js';
import { CliError } from '../../../lib/cli/cli-error.js';
import { createTestCli, type TestCli } from '../cli.js';

describe('readAuthorities', () => {
  let cli: TestCli;
  beforeEach(() => {
    cli = createTestCli();
  });
  afterEach(() => {
    cli.remove();
  });
  const readIn = (path: string | undefined): string | undefined =>
    readAuthorities({ cwd: cli.directory } as CliIo, path);

  it('reads certificates, and nothing where nothing is named', () => {
    cli.write('ca.pem', '-----BEGIN CERTIFICATE-----\n…');
    expect(readIn('ca.pem')).to.match(/^-----BEGIN CERTIFICATE/);
    expect(readIn(undefined)).to.equal(undefined);
  });

  it('refuses a file that is not there, or holds none', () => {
    cli.write('key.pem', '-----BEGIN PRIVATE KEY-----');
    for (const path of ['nowhere', 'key.pem']) {
      expect(() => readIn(path))
        .to.throw(CliError, /--ca/)
        .with.property('exitCode', 2);
    }
  });
});
