import axios, { AxiosHeaders, type AxiosAdapter, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { shieldBody } from './body-streams.js';
import type { Call } from './call.js';
import { type WatchedTry, watchedTransport } from './try-flight.js';

const sendByHttp: AxiosAdapter = axios.getAdapter('http');

/**
 * Sends a request once, by axios' own http adapter: whatever it is.
 *
 * @param call - the request
 * @param what - the try
 * @param signal - aborted when it is to end
 * @returns axios' answer, which has the token on its config and request
 */
export function sendByAxios(
  { settings, url, data, headers, facts, client: { agents } }: Call,
  what: WatchedTry,
  signal: AbortSignal,
): Promise<AxiosResponse> {
  return sendByHttp({
    ...settings,
    method: facts.method,
    url: url.href,
    httpAgent: agents.http,
    httpsAgent: agents.https,
    maxRedirects: 0,
    proxy: false,
    // The adapter has to hand over every answer: what is a success is decided elsewhere, and what is none may be tried again.
    validateStatus: null,
    data: shieldBody(data, () => {
      what.flight.isBodyBroken = true;
    }),
    headers: new AxiosHeaders(headers),
    signal,
    transport: watchedTransport(what),
  } as InternalAxiosRequestConfig);
}
