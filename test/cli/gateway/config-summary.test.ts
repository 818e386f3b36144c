import { expect } from 'chai';
import { configSummary } from '../../../lib/cli/gateway/config-summary.js';
import type { Generation } from '../../../lib/cli/gateway/generation.js';
import { createKeyRing } from '../../../lib/shared/key-ring.js';
import { newSecret } from '../../support/keys.js';

const generation = (expiresAt: Date): Generation =>
  ({
    config: {
      name: 'gateway',
      listen: { host: '0.0.0.0', port: 8443 },
      public: [],
      trustedProxies: [],
      drain: { delayMs: 1, idleMs: 2, timeoutMs: 3 },
      routes: { '/a': { url: 'http://a-service', service: undefined } },
    },
    keys: createKeyRing({ current: newSecret(), previous: newSecret() }),
    tls: { expiresAt: () => expiresAt },
  }) as unknown as Generation;

describe('configSummary', () => {
  it('says which key signs, and which only verify', () => {
    const text = configSummary(generation(new Date(Date.now() + 1e6))).join('\n');
    expect(text).to.match(/Keys +\S+ \(HS256, current\), \S+ \(HS256, only verifies\)\n/);
    expect(text).not.to.include('expired');
  });

  it('says where a certificate has expired', () => {
    const text = configSummary(generation(new Date('2020-01-01T00:00:00Z'))).join('\n');
    expect(text).to.include('until 2020-01-01T00:00:00.000Z: it has expired');
  });
});
