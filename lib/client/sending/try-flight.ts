import http from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';

/** What is seen of one try from the side of its socket. */
export interface TryFlight {
  /** Whether anything of it may have reached the target. */
  isSent: boolean;
  /** The status of the answer, once its head came. */
  status: number | undefined;
  /** Whether its connection had served other requests before. */
  isOnReusedConnection: boolean;
}

/** What axios' http adapter asks of a transport. */
export interface Transport {
  readonly request: typeof http.request;
}

/** Starts to watch a try. */
export function newFlight(): TryFlight {
  return { isSent: false, status: undefined, isOnReusedConnection: false };
}

/**
 * Makes a transport for axios' http adapter that is `node:http` or `node:https` and notes what it sees. axios' own errors do not say
 * whether a request had left when it failed, which is what decides whether it may have run.
 */
export function watchedTransport(protocol: string, flight: TryFlight): Transport {
  const request = (
    options: http.RequestOptions,
    onResponse: (res: http.IncomingMessage) => void,
  ): http.ClientRequest => {
    // Looked up at each call, since tracing and test tools replace it.
    const sent = (protocol === 'https:' ? https : http).request(options, onResponse);
    sent.once('socket', (socket) => {
      const leaves = (): void => {
        flight.isSent = true;
      };
      flight.isOnReusedConnection = sent.reusedSocket;
      if (!socket.connecting) leaves();
      else socket.once((socket as Partial<TLSSocket>).encrypted === true ? 'secureConnect' : 'connect', leaves);
    });
    sent.once('response', ({ statusCode }) => {
      flight.isSent = true;
      flight.status = statusCode;
    });
    return sent;
  };
  return { request: request as typeof http.request };
}
