import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { expect } from 'chai';
import { decodersOf } from '../../../lib/client/sending/content-coding.js';

const BREAD = Buffer.from('rye and wheat '.repeat(100));

async function decode(coding: string, chunks: readonly Buffer[]): Promise<string> {
  const out = new PassThrough();
  const streams: NodeJS.ReadWriteStream[] = [...decodersOf(coding), out];
  const text = buffer(out);
  await Promise.all([pipeline([Readable.from(chunks), ...streams]), text]);
  return (await text).toString();
}

const { zstdCompressSync } = zlib as { zstdCompressSync?: (data: Buffer) => Buffer };

describe('decodersOf', () => {
  const encoded: Readonly<Record<string, Buffer>> = {
    gzip: zlib.gzipSync(BREAD),
    'x-gzip': zlib.gzipSync(BREAD),
    GZIP: zlib.gzipSync(BREAD),
    compress: zlib.gzipSync(BREAD),
    'x-compress': zlib.gzipSync(BREAD),
    deflate: zlib.deflateSync(BREAD),
    br: zlib.brotliCompressSync(BREAD),
    ...(zstdCompressSync === undefined ? {} : { zstd: zstdCompressSync(BREAD) }),
  };
  for (const [coding, bytes] of Object.entries(encoded)) {
    it(`undoes ${coding}, in one piece or in many`, async () => {
      expect(await decode(coding, [bytes])).to.equal(BREAD.toString());
      expect(await decode(coding, [Buffer.alloc(0), ...[...bytes].map((byte) => Buffer.from([byte]))])).to.equal(
        BREAD.toString(),
      );
    });
  }

  it('undoes deflate without the header that it should have', async () => {
    expect(await decode('deflate', [zlib.deflateRawSync(BREAD)])).to.equal(BREAD.toString());
  });

  it('gives what there is of an answer that lacks its end', async () => {
    const whole = zlib.gzipSync(BREAD);
    expect(BREAD.toString()).to.contain(await decode('gzip', [whole.subarray(0, whole.length - 8)]));
  });

  it('fails for what is not encoded like that', async () => {
    const reason = await decode('gzip', [BREAD]).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(reason).to.include({ code: 'Z_DATA_ERROR' });
  });

  for (const coding of ['identity', 'aes128gcm', 'gzip, br', ...(zstdCompressSync === undefined ? ['zstd'] : [])]) {
    it(`knows nothing of ${coding}`, () => {
      expect(decodersOf(coding)).to.deep.equal([]);
    });
  }
});
