import { expect } from 'chai';
import type { GatewayConfig } from '../../../lib/cli/gateway/gateway-config.js';
import { restartNeeded } from '../../../lib/cli/gateway/restart-needed.js';

const config = (changes: object = {}): GatewayConfig =>
  ({
    listen: { host: '0.0.0.0', port: 8080 },
    tls: undefined,
    limits: { maxHeaderBytes: 16_384, headersTimeoutMs: 1000 },
    name: 'gateway',
    ...changes,
  }) as unknown as GatewayConfig;

describe('restartNeeded', () => {
  it('names each setting that a running server cannot take over', () => {
    const TABLE: readonly (readonly [changes: object, setting: string])[] = [
      [{ listen: { host: '127.0.0.1', port: 8080 } }, 'listen.host'],
      [{ listen: { host: '0.0.0.0', port: 8081 } }, 'listen.port'],
      [{ tls: {} }, 'tls'],
      [{ limits: { maxHeaderBytes: 4096, headersTimeoutMs: 1000 } }, 'limits.maxHeaderBytes'],
    ];
    for (const [changes, setting] of TABLE) {
      const problems = restartNeeded(config(), config(changes));
      expect(problems.map(({ message }) => message.split(' ')[0])).to.deep.equal([setting]);
    }
  });

  it('lets all others change', () => {
    expect(restartNeeded(config(), config())).to.deep.equal([]);
    expect(
      restartNeeded(config(), config({ name: 'b', limits: { maxHeaderBytes: 16_384, headersTimeoutMs: 2 } })),
    ).to.deep.equal([]);
    expect(restartNeeded(config({ tls: { cert: 1 } }), config({ tls: { cert: 2 } }))).to.deep.equal([]);
  });
});
