import { expect } from 'chai';
import { createLineQueue, MAX_WAITING } from '../../lib/shared/line-queue.js';

/** A sink that takes as many bytes at a time as it is told, and then none until it is told again. */
function sink(): { write: (bytes: Uint8Array) => number; take: (bytes: number) => void; text: () => string } {
  let room = Number.POSITIVE_INFINITY;
  const taken: Uint8Array[] = [];
  return {
    write(bytes) {
      const some = bytes.slice(0, Math.min(room, bytes.length));
      room -= some.length;
      taken.push(some);
      return some.length;
    },
    take: (bytes) => (room = bytes),
    text: () => Buffer.concat(taken).toString(),
  };
}

const dropped = (count: number): string => `dropped ${String(count)}`;

describe('createLineQueue', () => {
  it('writes every line with its end, in order, those of one batch at once', () => {
    const { write, text } = sink();
    const sizes: number[] = [];
    const queue = createLineQueue((bytes) => {
      sizes.push(bytes.length);
      return write(bytes);
    }, dropped);
    for (const line of ['a', 'b', 'é']) queue.add(line);
    expect(queue.size()).to.equal(6);
    expect(queue.flush()).to.equal(true);
    queue.add('c');
    expect(queue.flush()).to.equal(true);
    expect(queue.flush(), 'with nothing to write').to.equal(true);
    expect(text()).to.equal('a\nb\né\nc\n');
    expect(sizes).to.deep.equal([7, 2]);
    expect(queue.size()).to.equal(0);
  });

  it('goes on in the midst of a line where the sink was full', () => {
    const { write, take, text } = sink();
    const queue = createLineQueue(write, dropped);
    take(4);
    queue.add('first');
    queue.add('second');
    expect(queue.flush()).to.equal(false);
    queue.add('third');
    expect(text()).to.equal('firs');
    expect(queue.flush(), 'still full').to.equal(false);
    take(3);
    expect(queue.flush()).to.equal(false);
    take(Number.POSITIVE_INFINITY);
    expect(queue.flush()).to.equal(true);
    expect(text()).to.equal('first\nsecond\nthird\n');
  });

  it('drops what does not fit, and tells how much once there is room', () => {
    const { write, take, text } = sink();
    const queue = createLineQueue(write, dropped);
    const line = 'x'.repeat(MAX_WAITING / 4 - 1);
    take(0);
    for (let i = 0; i < 7; i++) {
      queue.add(line);
      queue.flush();
    }
    expect(queue.size()).to.be.within(MAX_WAITING / 2, MAX_WAITING);
    take(Number.POSITIVE_INFINITY);
    expect(queue.flush()).to.equal(true);
    queue.add('after');
    queue.flush();
    const lines = text().split('\n');
    expect(lines.filter((one) => one === line)).to.have.length(4);
    expect(lines.slice(4)).to.deep.equal(['dropped 3', 'after', '']);
  });

  it('loses no more than the batch that the sink failed on', () => {
    const { write, text } = sink();
    let fails = true;
    const queue = createLineQueue((bytes) => {
      if (fails) throw new Error('closed');
      return write(bytes);
    }, dropped);
    queue.add('lost');
    expect(() => queue.flush()).to.throw('closed');
    fails = false;
    queue.add('kept');
    expect(queue.flush()).to.equal(true);
    expect(text()).to.equal('kept\n');
  });
});
