import type { IncomingMessage } from 'node:http';
import type { Caller } from '../shared/caller.js';
import type { AuthError } from '../shared/errors.js';
import { NO_TRACE, type RequestContext, traceContextFrom } from '../shared/request-context.js';
import { requestIdFrom } from '../shared/request-id.js';

/** What is known of a request once its caller has been looked for: who it is, or why it is nobody. */
export interface RequestState {
  /** What its handlers' own requests carry on. */
  readonly context: RequestContext;
  readonly caller: Caller | undefined;
  readonly error: AuthError | undefined;
}

// Behind Symbol.for: the guard of one copy of this package understands the middleware of another.
const STATE = Symbol.for('service-auth.request-state');

type WithState = IncomingMessage & { [STATE]?: RequestState };

/** The state of a request, or undefined where nobody has looked for its caller. */
export function requestStateOf(req: IncomingMessage): RequestState | undefined {
  return (req as WithState)[STATE];
}

/** Records the state of a request, in place of any before. */
export function setRequestState(req: IncomingMessage, state: RequestState): void {
  // Not enumerable: a request that is logged or copied does not take it along.
  Object.defineProperty(req, STATE, { value: state, configurable: true });
}

/** Reads what a request tells of itself for the requests that it causes. Where it has no sane id, each reading makes another. */
export function readRequestContext({ headers }: IncomingMessage): RequestContext {
  const requestId = requestIdFrom(headers['x-request-id']);
  const trace = traceContextFrom(headers);
  return trace === NO_TRACE ? { requestId } : { requestId, ...trace };
}
