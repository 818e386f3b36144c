import type { AxiosRequestConfig } from 'axios';

/**
 * All that a request may say of how it is sent. What is not here (agents, proxy, transport, lookup, redirects, …) does not reach
 * the wire, whoever set it.
 */
export interface SendingSettings
  extends Pick<
    AxiosRequestConfig,
    | 'paramsSerializer'
    | 'responseType'
    | 'responseEncoding'
    | 'decompress'
    | 'maxRate'
    | 'transitional'
    | 'onUploadProgress'
    | 'onDownloadProgress'
  > {
  readonly params?: unknown;
  /** Of the answer, decompressed, in bytes; infinite where there is no limit. */
  readonly maxContentLength: number;
  /** Of the body, in bytes; infinite where there is no limit. */
  readonly maxBodyLength: number;
}

type ProgressCallback = NonNullable<AxiosRequestConfig['onUploadProgress']>;

/**
 * Reads what a config says of how its request is sent, each of it once: a config may tell another story each time.
 *
 * @param config - the request's
 * @param warn - told of what a progress callback throws, which harms no request
 */
export function readSendingSettings(
  config: AxiosRequestConfig,
  warn: (message: string, fields: Readonly<Record<string, unknown>>) => void,
): SendingSettings {
  const quietly = (callback: ProgressCallback | undefined): ProgressCallback | undefined =>
    callback &&
    ((event) => {
      try {
        callback(event);
      } catch (error) {
        warn('A progress callback of a service client failed', { error });
      }
    });
  return {
    params: config.params as unknown,
    paramsSerializer: config.paramsSerializer,
    responseType: config.responseType,
    responseEncoding: config.responseEncoding,
    decompress: config.decompress,
    maxRate: config.maxRate,
    transitional: config.transitional,
    onUploadProgress: quietly(config.onUploadProgress),
    onDownloadProgress: quietly(config.onDownloadProgress),
    maxContentLength: readBound(config.maxContentLength),
    maxBodyLength: readBound(config.maxBodyLength),
  } as SendingSettings;
}

/** axios' "no limit" is -1, and would let its adapter hand out the bare socket stream, on which the request hangs. */
function readBound(bytes: number | undefined): number {
  return bytes !== undefined && bytes >= 0 ? bytes : Number.POSITIVE_INFINITY;
}

/**
 * Tells whether a request is one of the many that need nothing of axios' http adapter: its body is there as a whole or not at all,
 * its answer is read as a whole, and nobody watches or slows down either. `sendPlainly` sends those at a fraction of the cost.
 *
 * @param settings - the request's
 * @param data - its body, after all transforms
 */
export function isPlain(settings: SendingSettings, data: unknown): boolean {
  const { params, responseType, responseEncoding, maxRate, transitional, onUploadProgress, onDownloadProgress } =
    settings;
  return (
    (data === undefined || data === null || typeof data === 'string' || Buffer.isBuffer(data)) &&
    responseType !== 'stream' &&
    (responseEncoding === undefined || responseEncoding === 'utf8') &&
    (params === undefined || params === null) &&
    maxRate === undefined &&
    onUploadProgress === undefined &&
    onDownloadProgress === undefined &&
    transitional?.advertiseZstdAcceptEncoding !== true
  );
}
