import http from 'node:http';
import https from 'node:https';
import { settleFinalHeaders } from './header-rules.js';

/** What is seen of one try from the side of its socket. */
export interface TryFlight {
  /** Whether anything of it may have reached the target. */
  isSent: boolean;
  /** The status of the answer, once its head came. */
  status: number | undefined;
  /** Whether all of it has been written. */
  isWritten: boolean;
  /** Whether it has a connection, or one that is being made; else it waits in line for one. */
  hasSocket: boolean;
  /** Whether its connection had served other requests before. */
  isOnReusedConnection: boolean;
  /** Whether its body failed, which is its caller's affair. */
  isBodyBroken: boolean;
}

/** What axios' http adapter asks of a transport. */
export interface Transport {
  readonly request: typeof http.request;
}

/** Starts to watch a try. */
export function newFlight(): TryFlight {
  return {
    isSent: false,
    status: undefined,
    isWritten: false,
    hasSocket: false,
    isOnReusedConnection: false,
    isBodyBroken: false,
  };
}

/**
 * Makes a transport for axios' http adapter that is `node:http` or `node:https` and notes what it sees. axios' own errors do not say
 * whether a request had left when it failed, which is what decides whether it may have run.
 *
 * The last place before the wire: here it is settled, too, which headers go and, as Node reads options from prototypes, where to.
 *
 * @param protocol - of the URL
 * @param authorization - the header's value
 * @param flight - where to note it
 */
export function watchedTransport(protocol: string, authorization: string, flight: TryFlight): Transport {
  const isSecure = protocol === 'https:';
  const defaultPort = isSecure ? 443 : 80;
  const request = (given: http.RequestOptions, onResponse: (res: http.IncomingMessage) => void): http.ClientRequest => {
    const port = Number(given.port) || defaultPort;
    const options = { ...given, port, defaultPort, socketPath: undefined, signal: undefined };
    settleFinalHeaders(options.headers as Record<string, unknown>, authorization);
    // Looked up at each call, since tracing and test tools replace it.
    const sent = (isSecure ? https : http).request(options, onResponse);
    sent.once('socket', (socket) => {
      const leaves = (): void => {
        flight.isSent = true;
      };
      flight.hasSocket = true;
      flight.isOnReusedConnection = sent.reusedSocket;
      if (!socket.connecting) leaves();
      else socket.once(isSecure ? 'secureConnect' : 'connect', leaves);
    });
    sent.once('finish', () => {
      flight.isWritten = true;
    });
    sent.once('response', ({ statusCode }) => {
      flight.isSent = true;
      flight.status = statusCode;
    });
    return sent;
  };
  return { request: request as typeof http.request };
}
