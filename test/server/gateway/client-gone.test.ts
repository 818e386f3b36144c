import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { whenClientGone } from '../../../lib/server/gateway/client-gone.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { closeRig, openConnections, portOf, PREFIX, rig, serve } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';

describe('whenClientGone', () => {
  const requestOn = (socket: EventEmitter): IncomingMessage => ({ socket }) as unknown as IncomingMessage;

  it('calls back each request of a connection once, with one listener for all of them', () => {
    const socket = new EventEmitter();
    const told: number[] = [];
    for (let n = 0; n < 20; n++) whenClientGone(requestOn(socket), () => told.push(n));
    expect(socket.listenerCount('close')).to.equal(1);
    socket.emit('close');
    socket.emit('close');
    expect(told).to.deep.equal(Array.from({ length: 20 }, (_, n) => n));
  });

  it('is called off for one request and not for another, and keeps its one listener for those to come', () => {
    const socket = new EventEmitter();
    const told: string[] = [];
    const [stopA] = ['a', 'b'].map((name) => whenClientGone(requestOn(socket), () => told.push(name)));
    stopA!();
    whenClientGone(requestOn(socket), () => told.push('c'));
    expect(socket.listenerCount('close')).to.equal(1);
    socket.emit('close');
    expect(told).to.deep.equal(['b', 'c']);
  });
});

// G11: Node tells a response that waits behind another nothing of its client's end.
for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`gateway, ${name}: a client that pipelines and goes away`, () => {
    afterEach(closeRig);

    for (const [framing, rest] of [
      ['a length', 'Content-Length: 10\r\n\r\nab'],
      ['chunks', 'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n'],
    ] as const) {
      it(`leaves no connection to the service behind: an upload with ${framing} behind an open request`, async () => {
        const reached: string[] = [];
        const { app, upstream } = await rig(express, {
          keys: newSecret(),
          options: { public: [`GET ${PREFIX}/health`, `POST ${PREFIX}/login`] },
          answer: ({ method }) => reached.push(String(method)),
        });
        const gateway = await serve(app);
        for (let round = 1; round <= 3; round++) {
          const client = net.connect(portOf(gateway), '127.0.0.1');
          client.on('error', () => undefined);
          client.write(`GET ${PREFIX}/health HTTP/1.1\r\nHost: s\r\n\r\n`);
          client.write(`POST ${PREFIX}/login HTTP/1.1\r\nHost: s\r\n${rest}`);
          await eventually(() => reached.length === 2 * round);
          expect(await openConnections(upstream.server)).to.equal(2);
          client.destroy();
          await eventually(async () => (await openConnections(upstream.server)) === 0);
        }
        expect(reached).to.include.members(['GET', 'POST']);
      });
    }

    it('gets both answers where it stays', async () => {
      const { app } = await rig(express, {
        keys: newSecret(),
        options: { public: [`GET ${PREFIX}/health`, `POST ${PREFIX}/login`] },
      });
      const client = net.connect(portOf(await serve(app)), '127.0.0.1');
      let answers = '';
      client.on('data', (chunk) => (answers += chunk.toString()));
      client.write(`GET ${PREFIX}/health HTTP/1.1\r\nHost: s\r\n\r\n`);
      client.write(`POST ${PREFIX}/login HTTP/1.1\r\nHost: s\r\nContent-Length: 2\r\n\r\nab`);
      await eventually(() => answers.split('HTTP/1.1 200 OK').length === 3);
      client.destroy();
    });
  });
}

async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await holds()) return;
    await pause(10);
  }
  expect.fail('it did not come to be');
}
