import axios, { AxiosHeaders, type AxiosAdapter, type InternalAxiosRequestConfig } from 'axios';
import { shieldBody } from './body-streams.js';
import type { Call } from './call.js';
import type { Answer } from './request-failure.js';
import { type WatchedTry, watchedTransport } from './try-flight.js';

const sendByHttp: AxiosAdapter = axios.getAdapter('http');

/**
 * Sends a request once, by axios' own http adapter: whatever it is.
 *
 * @param call - the request
 * @param what - the try
 * @param signal - aborted when it is to end
 * @returns the answer, whatever its status; without config and request, which have the token
 */
export async function sendByAxios(call: Call, what: WatchedTry, signal: AbortSignal): Promise<Answer> {
  const { agents } = call.client;
  const { status, statusText, headers, data } = (await sendByHttp({
    ...call.settings,
    method: call.facts.method,
    url: call.url.href,
    httpAgent: agents.http,
    httpsAgent: agents.https,
    maxRedirects: 0,
    proxy: false,
    // The adapter has to hand over every answer: what is a success is decided elsewhere, and what is none may be tried again.
    validateStatus: null,
    data: shieldBody(call.data, () => {
      what.flight.isBodyBroken = true;
    }),
    headers: new AxiosHeaders(call.headers),
    signal,
    transport: watchedTransport(what),
  } as InternalAxiosRequestConfig)) as Answer;
  return { status, statusText, headers, data };
}
