import { Readable } from 'node:stream';
import type { AxiosRequestConfig } from 'axios';
import { expect } from 'chai';
import FormData from 'form-data';
import { isPlain, readSendingSettings } from '../../../lib/client/sending/sending-settings.js';

const read = (config: AxiosRequestConfig): ReturnType<typeof readSendingSettings> =>
  readSendingSettings(config, () => undefined);

describe('readSendingSettings', () => {
  it('reads no more than what a request may say of its sending', () => {
    const settings = read({ responseType: 'text', proxy: { host: 'evil.example', port: 1 }, socketPath: '/evil' });
    expect(settings.responseType).to.equal('text');
    expect(settings).not.to.have.any.keys('proxy', 'socketPath', 'transport', 'lookup', 'httpAgent', 'url');
  });

  for (const [given, bound] of [
    [undefined, Number.POSITIVE_INFINITY],
    [-1, Number.POSITIVE_INFINITY],
    [0, 0],
    [7, 7],
  ] as const) {
    it(`takes a limit of ${String(given)} for ${bound}`, () => {
      const limits = given === undefined ? {} : { maxContentLength: given, maxBodyLength: given };
      expect(read(limits)).to.include({ maxContentLength: bound, maxBodyLength: bound });
    });
  }

  it('keeps what a progress callback throws from harming the request', () => {
    const warnings: string[] = [];
    const fail = (): never => {
      throw new Error('mine');
    };
    const { onUploadProgress } = readSendingSettings({ onUploadProgress: fail }, (message) => warnings.push(message));
    onUploadProgress?.({ loaded: 1, bytes: 1, lengthComputable: false });
    expect(warnings).to.have.length(1);
  });
});

describe('isPlain', () => {
  for (const [name, config, data] of [
    ['nothing', {}, undefined],
    ['null', {}, null],
    ['a text', {}, 'a'],
    ['bytes', {}, Buffer.from('a')],
    ['a wish for JSON', { responseType: 'json' }, undefined],
    ['a wish for bytes', { responseType: 'arraybuffer' }, undefined],
    ['a wish for UTF-8', { responseEncoding: 'utf8' }, undefined],
    ['a body that is to stay as it is', { decompress: false }, undefined],
    ['limits', { maxContentLength: 1, maxBodyLength: 1 }, undefined],
    ['usual settings of axios', { transitional: { silentJSONParsing: false } }, undefined],
  ] as const) {
    it(`is true of a request with ${name}`, () => {
      expect(isPlain(read(config), data)).to.equal(true);
    });
  }

  for (const [name, config, data] of [
    ['a stream', {}, Readable.from(['a'])],
    ['a form', {}, new FormData()],
    ['a form of the platform', {}, new globalThis.FormData()],
    ['a blob', {}, new Blob(['a'])],
    ['an array of bytes', {}, new ArrayBuffer(1)],
    ['a number', {}, 7],
    ['a wish for a stream', { responseType: 'stream' }, undefined],
    ['another encoding', { responseEncoding: 'latin1' }, undefined],
    ['params', { params: { a: 1 } }, undefined],
    ['a rate', { maxRate: 1 }, undefined],
    ['an ear for the body', { onUploadProgress: () => undefined }, 'a'],
    ['an ear for the answer', { onDownloadProgress: () => undefined }, undefined],
    ['an offer of zstd', { transitional: { advertiseZstdAcceptEncoding: true } }, undefined],
  ] as const) {
    it(`is false of a request with ${name}`, () => {
      expect(isPlain(read(config as AxiosRequestConfig), data)).to.equal(false);
    });
  }
});
