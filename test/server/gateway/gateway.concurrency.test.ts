import http from 'node:http';
import { expect } from 'chai';
import express from 'express';
import { contextFromGateway } from '../../../lib/server/context-from-gateway.js';
import { requireService } from '../../../lib/server/require-service.js';
import { requireUser } from '../../../lib/server/require-user.js';
import { deriveAssertionKey } from '../../../lib/shared/assertion-keys.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import {
  closeRig,
  identityLines,
  openConnections,
  portOf,
  PREFIX,
  rig,
  SERVICE,
  serve,
  valuesOf,
} from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { type Story, tell } from '../../support/probe.js';
import { userToken } from '../../support/proofs.js';
import { recordingLogger } from '../../support/recording-logger.js';

const secret = newSecret();

interface Caller {
  /** As the service should name it; undefined: nobody. */
  readonly name: string | undefined;
  readonly kind: 'service' | 'user';
  readonly token: string | undefined;
}

const CALLERS: readonly Caller[] = [
  ...['sales-service', 'inventory-service', 'pos-service', 'training-service'].map((name) => ({
    ...{ name, kind: 'service' as const, token: createServiceToken(name, { keys: secret }) },
  })),
  ...['u-1', 'u-2', 'zoë, 100%', '名前'].map((name) => ({
    ...{
      name,
      kind: 'user' as const,
      token: userToken(secret, { user_id: name, jti: undefined, tenant_id: `of ${name}` }),
    },
  })),
  { name: undefined, kind: 'user', token: undefined },
];

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly requestId: string;
}

function call(agent: http.Agent, port: number, path: string, headers: http.OutgoingHttpHeaders): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.get({ agent, port, host: '127.0.0.1', path: `${PREFIX}${path}`, headers }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      res.on('end', () => {
        resolve({ status: res.statusCode!, text, requestId: String(res.headers['x-request-id']) });
      });
    });
    request.on('error', reject);
  });
}

/** orders-service: with a door for services, and one for people. */
function ordersService(): http.RequestListener {
  const app = express();
  const logger = recordingLogger();
  app.use(
    contextFromGateway({ assertionKeys: deriveAssertionKey(SERVICE, { keys: secret }), audience: SERVICE, logger }),
  );
  app.get(`${PREFIX}/service`, requireService({ logger }), tell);
  app.get(`${PREFIX}/user`, requireUser({ logger }), tell);
  app.get(`${PREFIX}/health`, tell);
  return app;
}

describe('gateway: identity', () => {
  afterEach(closeRig);

  // G18
  it('never crosses over in 500 requests at 50 connections with mixed callers', async () => {
    const { app, upstream, logger } = await rig(express, { keys: secret, answer: ordersService() });
    const server = await serve(app);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });
    const requests = Array.from({ length: 500 }, (_, index) => {
      const caller = CALLERS[Math.floor(Math.random() * CALLERS.length)]!;
      const door = Math.random() < 0.8 ? caller.kind : caller.kind === 'user' ? 'service' : 'user';
      return { caller, door, id: `req-${index}` };
    });
    await Promise.all(
      requests.map(async ({ caller, door, id }) => {
        const forged = { 'x-user-id': 'forged', X_Service_Name: 'forged', 'x-request-id': id };
        const bearer = caller.token === undefined ? {} : { authorization: `Bearer ${caller.token}` };
        const { status, text, requestId } = await call(agent, portOf(server), `/${door}`, { ...forged, ...bearer });
        expect(requestId).to.equal(id);
        if (caller.name === undefined) expect(status).to.equal(401);
        else if (door !== caller.kind) expect(status).to.equal(403);
        else {
          const { user, requestId: inside } = JSON.parse(text) as Story;
          expect([status, user?.['userId'], user?.['service'], inside]).to.deep.equal([
            ...[200, caller.name, caller.kind === 'service' ? caller.name : undefined, id],
          ]);
          expect(user?.['tenantId']).to.equal(caller.kind === 'user' ? `of ${caller.name}` : undefined);
        }
      }),
    );
    expect(await openConnections(server)).to.equal(50);
    agent.destroy();

    const known = requests.filter(({ caller }) => caller.name !== undefined);
    expect(upstream.seen).to.have.length(known.length);
    for (const { rawHeaders } of upstream.seen) {
      const { caller, id } = requests[Number(valuesOf(rawHeaders, 'x-request-id')[0]?.slice(4))]!;
      expect(identityLines(rawHeaders)).to.have.length(7).and.include(`x-request-id: ${id}`);
      expect(valuesOf(rawHeaders, 'x-user-id').map(decodeURIComponent)).to.deep.equal([caller.name]);
    }
    // One line each, under the right name.
    expect(logger.lines).to.have.length(500);
    for (const { fields } of logger.lines) {
      const { caller } = requests[Number((fields?.['request_id'] as string).slice(4))]!;
      expect(fields?.['service'] ?? fields?.['user_id']).to.equal(caller.name);
    }
  }).timeout(10_000);

  // G17
  it('is not left behind on a connection, neither of the client nor to the service', async () => {
    const { app, upstream } = await rig(express, {
      keys: secret,
      answer: ordersService(),
      options: { public: [`GET ${PREFIX}/health`] },
    });
    const server = await serve(app);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    let connections = 0;
    for (const each of [server, upstream.server]) each.on('connection', () => (connections += 1));
    const [service, user] = [CALLERS[0]!, CALLERS[4]!];
    const ask = async (path: string, { token }: Partial<Caller> = {}): Promise<string> => {
      const { status, text } = await call(
        agent,
        portOf(server),
        path,
        token === undefined ? {} : { authorization: `Bearer ${token}` },
      );
      const { user: found } = JSON.parse(text) as Story;
      return `${status} ${String(found?.['userId'])}`;
    };
    expect(await ask('/service', service)).to.equal('200 sales-service');
    expect(await ask('/service')).to.equal('401 undefined');
    expect(await ask('/health')).to.equal('200 undefined');
    expect(await ask('/health', service)).to.equal('200 undefined');
    expect(await ask('/user', user)).to.equal('200 u-1');
    expect(await ask('/service', service)).to.equal('200 sales-service');
    expect(connections).to.equal(2);
    expect(upstream.seen.map(({ rawHeaders }) => valuesOf(rawHeaders, 'x-user-id').join())).to.deep.equal([
      ...['sales-service', '', '', 'u-1', 'sales-service'],
    ]);
    agent.destroy();
  });
});
