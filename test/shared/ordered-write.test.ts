import { expect } from 'chai';
import { createOrderedWrite } from '../../lib/shared/ordered-write.js';

const written: string[] = [];
const write = (bytes: Uint8Array): number => {
  written.push(Buffer.from(bytes).toString());
  return bytes.length;
};

describe('createOrderedWrite', () => {
  beforeEach(() => {
    written.length = 0;
  });

  it('waits for what other code has begun, but not at the end', () => {
    const stream = { writableLength: 5 };
    const ordered = createOrderedWrite(stream, write);
    expect(ordered.write(Buffer.from('a\n'))).to.equal(0);
    stream.writableLength = 0;
    expect(ordered.write(Buffer.from('a\n'))).to.equal(2);
    stream.writableLength = 5;
    ordered.end();
    expect(ordered.write(Buffer.from('b\n'))).to.equal(2);
    expect(written).to.deep.equal(['a\n', 'b\n']);
  });

  it('writes as many whole lines as a pipe takes at once, and a longer one alone', () => {
    const ordered = createOrderedWrite({ writableLength: 0 }, write);
    const line = `${'x'.repeat(999)}\n`;
    expect(ordered.write(Buffer.from(line.repeat(4)))).to.equal(4000);
    expect(ordered.write(Buffer.from(line.repeat(9)))).to.equal(4000);
    expect(ordered.write(Buffer.from(`${'y'.repeat(5000)}\n${line}`))).to.equal(5001);
  });
});
