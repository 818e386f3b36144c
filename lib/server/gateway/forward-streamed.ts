import http, { type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { breakOff } from '../break-off.js';
import { whenClientGone } from './client-gone.js';
import type { ForwardFailure, ForwardOptions, ForwardRequest } from './forward-options.js';
import type { RequestFraming } from './request-framing.js';
import { type AnswerHead, isSoundHead } from './response-head.js';
import { createSilenceTimer } from './silence-timer.js';
import { closeIdleConnections, watchForStaleConnection } from './stale-connection.js';

/**
 * Forwards by `node:http`, which streams a body of any length in both directions: what `forward()` promises, for every request.
 */
export function forwardStreamed(
  req: IncomingMessage,
  res: ServerResponse,
  request: ForwardRequest,
  framing: RequestFraming,
  options: ForwardOptions,
  onFailure: (failure: ForwardFailure, cause: Error) => void,
): void {
  const timer = createSilenceTimer();
  let upstream: ClientRequest | undefined;
  let answer: IncomingMessage | undefined;
  let over = false;

  const moved = (): void => {
    timer.touch();
  };
  // Unread, the rest of an upload would block the client's connection, and with it our answer.
  const discardUpload = (): void => {
    if (upstream !== undefined) req.unpipe(upstream);
    req.resume();
  };
  const conclude = (): void => {
    over = true;
    timer.stop();
    res.off('close', conclude);
    stopWatching();
    req.off('data', moved);
    discardUpload();
    // No effect on a connection that has gone back to the agent.
    upstream?.destroy();
  };
  const fail = (failure: ForwardFailure, cause: Error): void => {
    conclude();
    if (!res.headersSent) onFailure(failure, cause);
  };
  const abandon = (): void => {
    breakOff(res);
    conclude();
  };
  const isClientSlow = (): boolean => framing.hasBody && !req.readableEnded && upstream?.writableNeedDrain !== true;
  const awaitAnswer = (): void => {
    timer.start(options.responseTimeoutMs, () => {
      if (isClientSlow()) awaitUpload();
      else fail('upstream_timeout', new Error(`No response head within ${String(options.responseTimeoutMs)} ms.`));
    });
  };
  const awaitUpload = (): void => {
    timer.start(options.idleTimeoutMs, () => {
      if (isClientSlow())
        fail('client_timeout', new Error(`No byte of the upload in ${String(options.idleTimeoutMs)} ms.`));
      else awaitAnswer();
    });
  };
  const awaitConnection = (): void => {
    timer.start(options.connectTimeoutMs, () => {
      fail('upstream_unreachable', new Error(`No connection within ${String(options.connectTimeoutMs)} ms.`));
    });
  };
  const deliver = (incoming: IncomingMessage): void => {
    const head = headOf(incoming);
    if (res.headersSent || !isSoundHead(head)) {
      fail('upstream_unreachable', new Error('The response head is malformed.'));
      return;
    }
    answer = incoming;
    timer.start(options.idleTimeoutMs, abandon);
    options.writeHead(res, head, request.answerHeaders);
    flushSoon(res, incoming);
    incoming.on('data', moved).once('end', discardUpload).pipe(res);
  };
  const send = (mayRetry: boolean): void => {
    const attempt = open(req.method as string, request, framing.headers);
    const wasStale = watchForStaleConnection(attempt);
    const lost = (error: Error): void => {
      if (over || attempt !== upstream) return;
      if (answer !== undefined) {
        if (!answer.complete) abandon();
      } else if (mayRetry && wasStale(error)) {
        closeIdleConnections(request.target.agent);
        send(false);
      } else {
        fail('upstream_unreachable', error);
      }
    };
    upstream = attempt;
    attempt.on('error', lost);
    // Without an 'error' when, for one, the service answers 101 to a request that asked for no upgrade.
    attempt.once('close', () => {
      lost(new Error('The connection was closed without an answer.'));
    });
    attempt.once('response', deliver);
    attempt.once('socket', (socket) => {
      if (!socket.connecting) return;
      awaitConnection();
      socket.once('connect', awaitAnswer);
    });
    if (framing.hasBody) {
      attempt.once('finish', () => {
        if (answer === undefined && !over) awaitAnswer();
      });
      req.on('data', moved).pipe(attempt);
    } else attempt.end();
  };

  res.once('close', conclude);
  const stopWatching = whenClientGone(req, conclude);
  awaitAnswer();
  try {
    send(!framing.hasBody);
  } catch (error) {
    process.nextTick(fail, 'upstream_unreachable', error);
  }
}

function headOf({ statusCode, statusMessage, httpVersion, rawHeaders }: IncomingMessage): AnswerHead {
  return { statusCode: statusCode as number, statusMessage: statusMessage as string, httpVersion, rawHeaders };
}

/** An event stream may be silent for long after its head; a usual answer goes out as one packet with its first bytes. */
function flushSoon(res: ServerResponse, answer: IncomingMessage): void {
  const flush = setImmediate(() => {
    res.flushHeaders();
  });
  const moved = (): void => {
    clearImmediate(flush);
  };
  answer.once('data', moved).once('end', moved);
}

function open(method: string, { target, path, headers }: ForwardRequest, framing: readonly string[]): ClientRequest {
  // It serves an https.Agent too: the agent knows its protocol and port. Looked up at each call, since tracing and test
  // tools replace it.
  return http.request({
    agent: target.agent,
    protocol: target.origin.protocol,
    host: target.origin.hostname.replace(/^\[|\]$/g, ''),
    port: target.origin.port,
    method,
    path,
    // What counts comes first: a service keeps so many lines, and drops what is beyond them without a word.
    headers: ['Host', target.origin.host, ...framing, ...headers],
  });
}
