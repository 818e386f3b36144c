import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { newSecret } from '../../support/keys.js';
import { createTestCli } from '../cli.js';

const guide = readFileSync(join(import.meta.dirname, '../../../docs/guides/gateway.md'), 'utf8');

describe('the guide of the gateway', () => {
  it('shows a configuration that is good', async () => {
    const [, text = ''] = /```yaml\n(# gateway\.yaml\n[^]*?)```/.exec(guide) ?? [];
    const cli = createTestCli();
    mkdirSync(cli.path('keys'));
    cli.write('keys/current', newSecret());
    cli.write('gateway.yaml', text.replace('/etc/service-auth/keys', 'keys'));
    const env = { JWT_SECRET_KEY: undefined, REDIS_URL: 'redis://127.0.0.1:1' };
    const { code, stderr } = await cli.run(['gateway', '--config', 'gateway.yaml', '--check'], { env });
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    cli.remove();
  });

  it('lists every setting', () => {
    const [, table = ''] = /\n\| setting \|[^\n]*\n([^]*?)\n\n/.exec(guide) ?? [];
    const source = readFileSync(join(import.meta.dirname, '../../../lib/cli/gateway/read-gateway-config.ts'), 'utf8');
    const [, list = ''] = /const SETTINGS = \[([^]*?)\] as const/.exec(source) ?? [];
    const settings = [...list.matchAll(/'(\w+)'/g)].map(([, name = '']) => name);
    expect(settings).to.have.length.greaterThan(10);
    for (const name of settings) expect(table).to.match(new RegExp(`\`${name}\\b`));
  });
});
