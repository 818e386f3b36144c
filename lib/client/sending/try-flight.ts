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

/** A try that is sent. */
export interface WatchedTry {
  /** Of the URL, such as `http:`. */
  readonly protocol: string;
  /** The header's value. */
  readonly authorization: string;
  /** Where to note what is seen. */
  readonly flight: TryFlight;
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
 * Sends a request by `node:http` or `node:https` and notes what is seen of it. Errors do not say whether a request had left when it
 * failed, which is what decides whether it may have run.
 *
 * The last place before the wire: here it is settled, too, which headers go and, as Node reads options from prototypes, where to.
 *
 * @param options - Node's, the caller's no more; their headers are an object
 * @param what - `authorization`, the header's value, and the flight, where to note it
 * @param onResponse - told of the answer's head
 */
export function requestInFlight(
  options: http.RequestOptions,
  { protocol, authorization, flight }: WatchedTry,
  onResponse: (res: http.IncomingMessage) => void,
): http.ClientRequest {
  const isSecure = protocol === 'https:';
  const defaultPort = isSecure ? 443 : 80;
  options.port = Number(options.port) || defaultPort;
  options.defaultPort = defaultPort;
  options.socketPath = undefined;
  options.signal = undefined;
  settleFinalHeaders(options.headers as Record<string, unknown>, authorization);
  // Looked up at each call, since tracing and test tools replace it.
  const sent = (isSecure ? https : http).request(options, (res) => {
    flight.isSent = true;
    flight.status = res.statusCode;
    onResponse(res);
  });
  sent.on('socket', (socket) => {
    const leaves = (): void => {
      flight.isSent = true;
    };
    flight.hasSocket = true;
    flight.isOnReusedConnection = sent.reusedSocket;
    if (!socket.connecting) leaves();
    else socket.once(isSecure ? 'secureConnect' : 'connect', leaves);
  });
  sent.on('finish', () => {
    flight.isWritten = true;
  });
  return sent;
}

/**
 * Makes a transport for axios' http adapter that sends by {@link requestInFlight}.
 *
 * @param what - the try
 */
export function watchedTransport(what: WatchedTry): Transport {
  const request = (given: http.RequestOptions, onResponse: (res: http.IncomingMessage) => void): http.ClientRequest =>
    requestInFlight({ ...given }, what, onResponse);
  return { request: request as typeof http.request };
}
