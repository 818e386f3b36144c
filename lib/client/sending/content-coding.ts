import { Transform, type TransformCallback } from 'node:stream';
import zlib from 'node:zlib';

// An answer that lacks its end is taken for what there is of it, as browsers and axios do.
const GZIP = { flush: zlib.constants.Z_SYNC_FLUSH, finishFlush: zlib.constants.Z_SYNC_FLUSH };
const BROTLI = {
  flush: zlib.constants.BROTLI_OPERATION_FLUSH,
  finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
};

// From Node 22.15 on.
const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: object) => Transform };
const { ZSTD_e_flush } = zlib.constants as { ZSTD_e_flush?: number };

/** What answers may be encoded by, as axios says it. */
export const ACCEPT_ENCODING = 'gzip, compress, deflate, br';

/**
 * What undoes a content coding: a list of streams, one behind the other. The same that axios' http adapter undoes.
 *
 * @param coding - of an answer's `Content-Encoding`
 * @returns an empty list for a coding that is not known: the body is handed out as it came
 */
export function decodersOf(coding: string): readonly Transform[] {
  switch (coding.toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
    case 'compress':
    case 'x-compress':
      return [zlib.createUnzip(GZIP)];
    case 'deflate':
      return [new ZlibHeader(), zlib.createUnzip(GZIP)];
    case 'br':
      return [zlib.createBrotliDecompress(BROTLI)];
    case 'zstd':
      return createZstdDecompress === undefined
        ? []
        : [createZstdDecompress({ flush: ZSTD_e_flush, finishFlush: ZSTD_e_flush })];
    default:
      return [];
  }
}

/** By `deflate` some servers mean the bare format, without the two bytes in front that RFC 9110 §8.4.1.2 asks for. */
class ZlibHeader extends Transform {
  #isBegun = false;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (!this.#isBegun && chunk.length > 0) {
      this.#isBegun = true;
      if (chunk[0] !== 0x78) this.push(Buffer.from([0x78, 0x9c]));
    }
    done(null, chunk);
  }
}
