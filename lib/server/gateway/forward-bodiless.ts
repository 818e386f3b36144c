import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { breakOff } from '../break-off.js';
import { whenClientGone } from './client-gone.js';
import { endWith } from './end-with.js';
import type { ForwardFailure, ForwardOptions, ForwardRequest } from './forward-options.js';
import type { RequestFraming } from './request-framing.js';
import { type AnswerHead, isSoundHead } from './response-head.js';
import { explainUndici } from './undici-errors.js';
import type { UpstreamConnection, UpstreamConnections } from './upstream-connections.js';

type Controller = Dispatcher.DispatchController;
type OnFailure = (failure: ForwardFailure, cause: Error) => void;

// Of these undici sends no `Content-Length: 0`, and closes no connection after them, as it does after HEAD. All are idempotent.
const METHODS: ReadonlySet<string> = new Set(['GET', 'DELETE', 'OPTIONS']);

/** Tells whether a request may go the short way: no body, and none announced. */
export function isBodiless({ method }: IncomingMessage, { headers }: RequestFraming): boolean {
  return headers.length === 0 && METHODS.has(method as string);
}

/**
 * Forwards a request without a body by undici, which takes half of what `node:http` needs: what `forward()` promises.
 *
 * @param connection - taken from the target's connections; it is given back, or ended where there is no whole answer
 */
export function forwardBodiless(
  req: IncomingMessage,
  res: ServerResponse,
  request: ForwardRequest,
  connection: UpstreamConnection,
  options: ForwardOptions,
  onFailure: OnFailure,
): void {
  new Exchange(req, res, request, options, onFailure).send(connection, true);
}

/** One request and its answer. A class, as undici wants an object of these methods, and closures for each request would cost more. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #request: ForwardRequest;
  readonly #connections: UpstreamConnections;
  readonly #options: ForwardOptions;
  readonly #onFailure: OnFailure;
  readonly #stopWatching: () => void;
  #connection: UpstreamConnection | undefined;
  #controller: Controller | undefined;
  /** What the connection had received before; undefined: it is a new one. */
  #receivedBefore: number | undefined;
  #mayRetry = false;
  #isBegun = false;
  /** Whether anything of the answer went out. */
  #isShown = false;
  #isOver = false;
  /** Whether `drain` was ever waited for. */
  #waitsForDrain = false;
  /** The first piece of the body, kept until it is known whether it is all: then it goes out in one write with the head. */
  #held: Buffer | undefined;
  /** Runs while the client does not read, and while a service says that it will answer (1xx). */
  #patience: NodeJS.Timeout | undefined;

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    request: ForwardRequest,
    options: ForwardOptions,
    onFailure: OnFailure,
  ) {
    this.#req = req;
    this.#res = res;
    this.#request = request;
    this.#connections = request.target.connections as UpstreamConnections;
    this.#options = options;
    this.#onFailure = onFailure;
    // Unread, what a client sends in the end (nothing, but Node waits for it) would block its connection.
    req.resume();
    this.#stopWatching = whenClientGone(req, () => {
      this.#conclude();
    });
  }

  send(connection: UpstreamConnection, mayRetry: boolean): void {
    const { client, socket } = connection;
    this.#connection = connection;
    this.#mayRetry = mayRetry;
    this.#receivedBefore = socket === undefined || socket.destroyed ? undefined : socket.bytesRead;
    client.dispatch(
      {
        method: this.#req.method as Dispatcher.HttpMethod,
        path: this.#request.path,
        headers: this.#request.headers as string[],
        headersTimeout: this.#options.responseTimeoutMs,
        bodyTimeout: this.#options.idleTimeoutMs,
      },
      this,
    );
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
  }

  onResponseStart(controller: Controller, statusCode: number, _headers: unknown, statusMessage = ''): void {
    if (statusCode < 200) {
      // undici begins its own time anew with each of them.
      this.#patience ??= setTimeout(() => {
        const { responseTimeoutMs } = this.#options;
        this.#fail('upstream_timeout', new Error(`No response head within ${String(responseTimeoutMs)} ms.`));
      }, this.#options.responseTimeoutMs).unref();
      return;
    }
    this.#stopWaiting();
    const head = headOf(controller, statusCode, statusMessage);
    if (this.#res.headersSent || !isSoundHead(head)) {
      this.#fail('upstream_unreachable', new Error('The response head is malformed.'));
      return;
    }
    this.#isBegun = true;
    this.#options.writeHead(this.#res, head, this.#request.answerHeaders);
    // An event stream may be silent for long after its head; a usual answer comes, and goes out, as one packet.
    queueMicrotask(this.#flush);
  }

  readonly #flush = (): void => {
    if (this.#isOver) return;
    if (this.#held !== undefined) this.#write(this.#take());
    else if (!this.#isShown) {
      this.#isShown = true;
      this.#res.flushHeaders();
    }
  };

  onResponseData(_controller: Controller, chunk: Buffer): void {
    if (!this.#isShown && this.#held === undefined) {
      this.#held = chunk;
      return;
    }
    if (this.#held !== undefined) this.#write(this.#take());
    this.#write(chunk);
  }

  onResponseEnd(): void {
    const connection = this.#connection as UpstreamConnection;
    // undici takes a reset for the end of an answer that ends by closing.
    if ((connection.socket as Socket).errored !== null) {
      this.#breakOff();
      return;
    }
    this.#connections.giveBack(connection);
    const rest = this.#held === undefined ? undefined : this.#take();
    this.#end();
    if (rest === undefined) this.#res.end();
    else endWith(this.#res, rest.toString('latin1'));
  }

  onResponseError(_controller: Controller, error: NodeJS.ErrnoException): void {
    if (this.#isOver) return;
    if (this.#isBegun) this.#breakOff();
    else if (this.#mayRetry && this.#wasStale(error)) {
      this.#connections.discard(this.#connection as UpstreamConnection);
      this.#connections.closeIdle();
      const fresh = this.#connections.take();
      if (fresh === undefined) this.#fail('upstream_unreachable', error);
      else this.send(fresh, false);
    } else {
      const { failure, cause } = explainUndici(error, this.#options);
      this.#fail(failure, cause);
    }
  }

  /** Whether the service closed the idle connection at the very moment at which it was used again. */
  #wasStale({ code }: NodeJS.ErrnoException): boolean {
    return (
      CLOSED.has(code) &&
      this.#receivedBefore !== undefined &&
      this.#connection?.socket?.bytesRead === this.#receivedBefore
    );
  }

  #write(chunk: Buffer): void {
    this.#isShown = true;
    // One wait at a time: undici hands over what it has read, also when it is told to pause.
    if (this.#res.write(chunk) || this.#patience !== undefined) return;
    (this.#controller as Controller).pause();
    // Paused, undici measures no time.
    this.#patience = setTimeout(() => {
      this.#breakOff();
    }, this.#options.idleTimeoutMs).unref();
    this.#waitsForDrain = true;
    this.#res.once('drain', this.#goOn);
  }

  readonly #goOn = (): void => {
    this.#stopWaiting();
    (this.#controller as Controller).resume();
  };

  #stopWaiting(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
  }

  #take(): Buffer {
    const held = this.#held as Buffer;
    this.#held = undefined;
    return held;
  }

  #fail(failure: ForwardFailure, cause: Error): void {
    this.#conclude();
    if (!this.#res.headersSent) this.#onFailure(failure, cause);
  }

  #breakOff(): void {
    breakOff(this.#res);
    this.#conclude();
  }

  /** Breaks the request off: undici tells of nothing more then, but for `onResponseError`. */
  #conclude(): void {
    this.#end();
    this.#connections.discard(this.#connection as UpstreamConnection);
  }

  #end(): void {
    this.#isOver = true;
    this.#stopWaiting();
    if (this.#waitsForDrain) this.#res.off('drain', this.#goOn);
    this.#stopWatching();
  }
}

const CLOSED: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

function headOf({ rawHeaders }: Controller, statusCode: number, statusMessage: string): AnswerHead {
  const lines = rawHeaders as readonly Buffer[];
  const texts = new Array<string>(lines.length);
  for (let index = 0; index < lines.length; index++) texts[index] = (lines[index] as Buffer).toString('latin1');
  // undici does not tell the version: what it reads is 1.1 as a rule.
  return { statusCode, statusMessage: reasonOf(statusCode, statusMessage), httpVersion: '1.1', rawHeaders: texts };
}

/** undici takes a reason phrase for UTF-8; of one that is none (RFC 9112 §4: clients should ignore it) the usual one is passed on. */
function reasonOf(statusCode: number, told: string): string {
  return /[^\0-\xff]/.test(told) ? (STATUS_CODES[statusCode] ?? '') : told;
}
