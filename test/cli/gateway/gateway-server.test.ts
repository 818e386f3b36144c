import { createServer } from 'node:http';
import { expect } from 'chai';
import { applyLimits, createGatewayServer, listenOn } from '../../../lib/cli/gateway/gateway-server.js';

const LIMITS = {
  headersTimeoutMs: 1000,
  requestTimeoutMs: 2000,
  keepAliveTimeoutMs: 3000,
  maxHeaderBytes: 4096,
  maxConnections: undefined,
};

describe('createGatewayServer', () => {
  it('limits what clients may do', () => {
    const server = createGatewayServer({ limits: LIMITS }, undefined);
    expect(server).to.include({ headersTimeout: 1000, requestTimeout: 2000, keepAliveTimeout: 3000 });
    expect(server.maxConnections).to.equal(Infinity);
    applyLimits(server, { ...LIMITS, headersTimeoutMs: 500, maxConnections: 5 });
    expect(server).to.include({ headersTimeout: 500, maxConnections: 5 });
  });
});

describe('listenOn', () => {
  it('tells the port', async () => {
    const server = createServer();
    expect(await listenOn(server, { host: '127.0.0.1', port: 0 })).to.be.greaterThan(0);
    server.close();
  });

  it('says why it cannot, also where there is no advice', async () => {
    const server = createServer();
    for (const [code, message] of [
      ['EADDRINUSE', /^Port 80 is taken by another process.* \(EADDRINUSE\)\.$/],
      ['EACCES', /ports below 1024 belong to the system/],
      ['EOTHER', /^Port 80 cannot be listened on \(EOTHER\)\.$/],
    ] as const) {
      server.listen = () => {
        queueMicrotask(() => server.emit('error', Object.assign(new Error(code), { code })));
        return server;
      };
      const error = await listenOn(server, { host: '127.0.0.1', port: 80 }).catch((reason: unknown) => reason);
      expect((error as Error).message).to.match(message);
    }
  });
});
