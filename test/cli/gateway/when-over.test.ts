import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect } from 'chai';
import { whenOver } from '../../../lib/cli/gateway/when-over.js';

describe('whenOver', () => {
  const responseLike = (): ServerResponse => new EventEmitter() as unknown as ServerResponse;
  const exchange = (): { socket: EventEmitter; req: IncomingMessage; res: ServerResponse } => {
    const socket = new EventEmitter();
    return { socket, req: { socket } as unknown as IncomingMessage, res: responseLike() };
  };

  for (const end of ['its answer is out', 'its client has gone']) {
    it(`calls back all that wait for a request, in order and once, when ${end}`, () => {
      const { socket, req, res } = exchange();
      const told: number[] = [];
      for (let n = 0; n < 3; n++) whenOver(req, res, () => told.push(n));
      expect([res.listenerCount('close'), socket.listenerCount('close')]).to.deep.equal([1, 1]);
      expect(told).to.deep.equal([]);
      for (const emitter of end === 'its answer is out' ? [res, socket] : [socket, res]) emitter.emit('close');
      expect(told).to.deep.equal([0, 1, 2]);
      expect(res.listenerCount('close')).to.equal(0);
    });
  }

  it('keeps requests of one connection apart', () => {
    const { req, res } = exchange();
    const other = responseLike();
    const told: string[] = [];
    whenOver(req, res, () => told.push('one'));
    whenOver(req, other, () => told.push('other'));
    other.emit('close');
    expect(told).to.deep.equal(['other']);
  });
});
