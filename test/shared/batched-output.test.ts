import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import sinon from 'sinon';
import { createBatchedOutput } from '../../lib/shared/batched-output.js';
import { MAX_WAITING } from '../../lib/shared/line-queue.js';

/** An output whose sink a test may fill and empty. */
function rig() {
  const sink = { room: Number.POSITIVE_INFINITY, fails: false };
  const writes: string[] = [];
  const errors: unknown[] = [];
  const output = createBatchedOutput(
    (bytes) => {
      if (sink.fails) throw new Error('closed');
      const some = Buffer.from(bytes.slice(0, Math.min(sink.room, bytes.length)));
      sink.room -= some.length;
      if (some.length > 0) writes.push(some.toString());
      return some.length;
    },
    (error) => errors.push(error),
  );
  return { sink, writes, errors, output };
}

/** Waits until a condition holds; mocha ends what never does. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

describe('createBatchedOutput', () => {
  it('writes the lines of one turn at once, at its end', async () => {
    const { writes, output } = rig();
    output.add('a');
    output.add('b');
    expect(writes).to.deep.equal([]);
    await turn();
    expect(writes).to.deep.equal(['a\nb\n']);
    output.add('c');
    await turn();
    expect(writes).to.deep.equal(['a\nb\n', 'c\n']);
  });

  it('does not wait for the end of a turn that says much', async () => {
    const { writes, output } = rig();
    const line = 'x'.repeat(1023);
    for (let i = 0; i < 100; i++) output.add(line);
    expect(writes.join('')).to.have.length(64 * 1024);
    await turn();
    expect(writes.join('')).to.equal(`${line}\n`.repeat(100));
  });

  it('goes on when a full sink has room again', async () => {
    const { sink, writes, output } = rig();
    sink.room = 3;
    output.add('first');
    await turn();
    output.add('second');
    await turn();
    expect(writes).to.deep.equal(['fir']);
    sink.room = Number.POSITIVE_INFINITY;
    await until(() => writes.length > 1);
    await until(() => writes.join('').endsWith('second\n'));
    expect(writes.join('')).to.equal('first\nsecond\n');
    output.add('third');
    await turn();
    expect(writes.at(-1)).to.equal('third\n');
  });

  it('keeps a bounded number for a sink that takes nothing, and tells how many it dropped', async () => {
    const { sink, writes, output } = rig();
    sink.room = 0;
    const line = 'x'.repeat(1023);
    const fitting = MAX_WAITING / 1024;
    for (let i = 0; i < fitting + 5; i++) output.add(line);
    await turn();
    sink.room = Number.POSITIVE_INFINITY;
    await until(() => writes.join('').includes('dropped'));
    const lines = writes.join('').trimEnd().split('\n');
    expect(lines.filter((one) => one === line)).to.have.length(fitting);
    const told = JSON.parse(lines.at(-1) as string) as Record<string, unknown>;
    expect(told).to.include({ level: 'warn', dropped: 5 }).and.to.have.keys('level', 'dropped', 'message', 'timestamp');
  });

  it('tells what the sink throws, and goes on', async () => {
    const { sink, writes, errors, output } = rig();
    sink.fails = true;
    output.add('lost');
    await turn();
    expect(errors.map(String)).to.deep.equal(['Error: closed']);
    sink.fails = false;
    output.add('kept');
    await turn();
    expect(writes).to.deep.equal(['kept\n']);
  });

  it('writes everything at the end of the process, and from there on each line at once', () => {
    const { writes, output } = rig();
    output.add('a');
    output.end();
    expect(writes).to.deep.equal(['a\n']);
    output.add('b');
    expect(writes).to.deep.equal(['a\n', 'b\n']);
  });

  it('tries nothing more once the process has ended', async () => {
    const { sink, writes, output } = rig();
    sink.room = 0;
    output.add('a');
    await turn();
    sink.room = Number.POSITIVE_INFINITY;
    output.end();
    expect(writes).to.deep.equal(['a\n']);
    // Longer than it waits for a full sink.
    const waited = performance.now() + 50;
    await until(() => performance.now() > waited);
    expect(writes).to.deep.equal(['a\n']);
  });

  it('waits at the end for a sink that takes some, and gives up on one that takes nothing or fails', () => {
    const clock = sinon.stub(performance, 'now');
    let now = 0;
    clock.callsFake(() => (now += 500));
    try {
      const slow = rig();
      slow.sink.room = 0;
      clock.callsFake(() => {
        slow.sink.room = 1;
        return (now += 500);
      });
      slow.output.add('slow but sure');
      slow.output.end();
      expect(slow.writes.join('')).to.equal('slow but sure\n');
      clock.callsFake(() => (now += 500));
      const stuck = rig();
      stuck.sink.room = 0;
      stuck.output.add('a');
      stuck.output.end();
      expect(stuck.writes).to.deep.equal([]);
      const broken = rig();
      broken.sink.fails = true;
      broken.output.add('a');
      broken.output.end();
      expect(broken.errors).to.deep.equal([]);
    } finally {
      clock.restore();
    }
  });
});
