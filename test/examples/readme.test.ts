import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { deriveAssertionKey } from '../../lib/shared/assertion-keys.js';
import { createKeyRing, type KeyRingOptions } from '../../lib/shared/key-ring.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { BUILT_PROGRAM } from '../cli/programs.js';
import { buildIfMissing } from './run-bakery.js';

describe('README, tokens and keys', function () {
  this.timeout(180_000);
  let directory: string;
  before(() => {
    buildIfMissing();
    directory = mkdtempSync(join(tmpdir(), 'service-auth-readme-'));
  });
  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('makes with its lines, as they are, a key, a token and an assertion key that only their owner can read', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const section = readme.slice(readme.indexOf('## Tokens and keys'));
    const [, script] = /```sh\n([^]*?)```/.exec(section) as unknown as [string, string];
    // What npx finds where the package is installed.
    writeFileSync(
      join(directory, 'npx'),
      `#!/bin/sh\nshift\nexec "${process.execPath}" "${BUILT_PROGRAM.file}" "$@"\n`,
    );
    chmodSync(join(directory, 'npx'), 0o755);
    const env = { ...process.env, PATH: `${directory}:${String(process.env['PATH'])}` };
    const { status, stdout, stderr } = spawnSync('bash', ['-euc', script], { cwd: directory, env, encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
    expect(stdout).to.match(/^Good: requireService\(\) lets sales-service in\.$/m);
    const read = (name: string): string => readFileSync(join(directory, name), 'utf8').trim();
    const keys = createKeyRing(JSON.parse(read('keys.json')) as KeyRingOptions);
    expect(createTokenVerifier({ keys }).verify(read('sales.token')).sub).to.equal('sales-service');
    expect(read('orders.assertion-key')).to.equal(deriveAssertionKey('orders-service', { keys }));
    for (const name of ['keys.json', 'sales.token', 'orders.assertion-key']) {
      expect(statSync(join(directory, name)).mode & 0o777).to.equal(0o600);
    }
  });
});
