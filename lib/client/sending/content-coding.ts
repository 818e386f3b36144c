import { Transform, type TransformCallback } from 'node:stream';
import zlib from 'node:zlib';

// An answer that lacks its end is taken for what there is of it, as browsers and axios do.
const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH, ZSTD_e_flush } = zlib.constants as Readonly<Record<string, number>>;
const UNZIP = ['createUnzip', Z_SYNC_FLUSH] as const;

// By what Node undoes them. Node has zstd from 22.15 on.
const DECODERS = new Map<string, readonly [name: string, flush: number | undefined]>([
  ['gzip', UNZIP],
  ['x-gzip', UNZIP],
  ['compress', UNZIP],
  ['x-compress', UNZIP],
  ['deflate', UNZIP],
  ['br', ['createBrotliDecompress', BROTLI_OPERATION_FLUSH]],
  ['zstd', ['createZstdDecompress', ZSTD_e_flush]],
]);

type CreateDecoder = (options: { readonly flush: number; readonly finishFlush: number }) => Transform;

/** What answers may be encoded by, as axios says it. */
export const ACCEPT_ENCODING = 'gzip, compress, deflate, br';

/**
 * What undoes a content coding: a list of streams, one behind the other. The same that axios' http adapter undoes.
 *
 * @param coding - of an answer's `Content-Encoding`
 * @returns an empty list for a coding that is not known: the body is handed out as it came
 */
export function decodersOf(coding: string): readonly Transform[] {
  const name = coding.toLowerCase();
  const [decoder = '', flush] = DECODERS.get(name) ?? [];
  const create = (zlib as unknown as Readonly<Record<string, CreateDecoder | undefined>>)[decoder];
  if (create === undefined) return [];
  const options = { flush: flush as number, finishFlush: flush as number };
  return name === 'deflate' ? [new ZlibHeader(), create(options)] : [create(options)];
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
