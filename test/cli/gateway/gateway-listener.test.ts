import http from 'node:http';
import { expect } from 'chai';
import type { Connections } from '../../../lib/cli/gateway/connections.js';
import { createGatewayListener } from '../../../lib/cli/gateway/gateway-listener.js';
import { createGate } from '../../../lib/cli/gateway/gate.js';
import type { Generation } from '../../../lib/cli/gateway/generation.js';
import { makeLast } from '../../../lib/server/gateway/last-request.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { exchange, send } from '../../support/wire.js';

const connections: Connections = {
  begin: () => undefined,
  makeAnswersLast: () => undefined,
  closeSilent: () => undefined,
  cut: () => undefined,
};

const listenerOf = (handle: Generation['handle'], isDraining = false, logger = recordingLogger()) =>
  createGatewayListener({
    current: () =>
      ({
        config: { health: { livePath: '/healthz', readyPath: '/readyz' } },
        unready: () => undefined,
        handle,
      }) as unknown as Generation,
    connections,
    gate: createGate(),
    isDraining: () => isDraining,
    logger,
  });

describe('createGatewayListener', () => {
  it('answers health before any route', async () => {
    const never: Generation['handle'] = () => expect.fail('asked');
    expect((await send(listenerOf(never), { path: '/healthz' })).status).to.equal(200);
    expect((await send(listenerOf(never), { path: '/readyz' })).status).to.equal(200);
    expect((await send(listenerOf(never, true), { path: '/readyz' })).text).to.equal('draining\n');
  });

  it('refuses what could be read in two ways, also where it leads to no route, and nothing is read behind it', async () => {
    const noRoute: Generation['handle'] = (_req, _res, onNoRoute) => {
      onNoRoute();
    };
    for (const [path, sound] of [
      ['/healthz', 200],
      ['/readyz', 200],
      ['/elsewhere', 404],
    ] as const) {
      const text = (line: string): string =>
        `GET ${path} HTTP/1.1\r\nHost: a\r\n${line}\r\nGET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
      const statuses = async (line: string): Promise<readonly string[]> =>
        (await exchange(http.createServer(listenerOf(noRoute)), text(line))).match(/(?<=HTTP\/1\.1 )\d+/g) ?? [];
      expect(await statuses('Host: b\r\n'), path).to.deep.equal(['400']);
      expect(await statuses(''), path).to.deep.equal([String(sound), String(sound)]);
    }
  });

  it('leaves the rest to the generation in force', async () => {
    const listener = listenerOf((_req, res) => res.writeHead(299).end());
    expect((await send(listener, { path: '/x' })).status).to.equal(299);
  });

  it('answers 404 without a route, and logs no more than the beginning of the path', async () => {
    const logger = recordingLogger();
    const listener = listenerOf((_req, _res, onNoRoute) => onNoRoute(), false, logger);
    const { status, headers } = await send(listener, { path: `/${'x'.repeat(300)}?secret=1` });
    expect([status, headers['content-type']]).to.deep.equal([404, 'text/plain; charset=utf-8']);
    expect(logger.lines[0]?.fields).to.deep.equal({
      endpoint: `GET /${'x'.repeat(99)}`,
      request_id: headers['x-request-id'],
    });
  });

  it('answers 500 where the generation throws, and breaks off what has begun', async () => {
    const logger = recordingLogger();
    const listener = listenerOf(
      () => {
        throw new Error('full');
      },
      false,
      logger,
    );
    expect(await send(listener)).to.include({ status: 500, text: 'The gateway could not handle this request.\n' });
    expect(logger.lines).to.deep.equal([{ level: 'error', message: 'Request failed', fields: { reason: 'full' } }]);
    const begun = listenerOf((_req, res) => {
      res.writeHead(200, { 'Content-Length': 9 }).write('half');
      throw new Error('full');
    });
    expect((await send(begun)).text).not.to.include('could not');
  });

  it('answers nothing behind the last request of a connection', async () => {
    const listener = listenerOf(() => expect.fail('asked'));
    const { status } = await send((req, res) => {
      makeLast(req, res);
      listener(req, res);
      req.socket.destroy();
    });
    expect(status).to.equal(0);
  });
});
