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

// Behind Symbol.for: the guard of one copy of this package understands the middleware of another. Beside the request instead of on it:
// Express gives each request a prototype, and with it a shape of its own, so that every property added later copies the whole shape.
const STATES = Symbol.for('service-auth.request-states');
const registry = globalThis as Record<symbol, WeakMap<IncomingMessage, RequestState> | undefined>;
const states = (registry[STATES] ??= new WeakMap<IncomingMessage, RequestState>());

/** The state of a request, or undefined where nobody has looked for its caller. One that is made of it (`Object.create(req)`) has it too. */
export function requestStateOf(req: IncomingMessage): RequestState | undefined {
  const own = states.get(req);
  if (own !== undefined) return own;
  const origin = Object.getPrototypeOf(req) as IncomingMessage | null;
  return origin === null ? undefined : requestStateOf(origin);
}

/** Records the state of a request, in place of any before. */
export function setRequestState(req: IncomingMessage, state: RequestState): void {
  states.set(req, state);
}

/** Reads what a request tells of itself for the requests that it causes. Where it has no sane id, each reading makes another. */
export function readRequestContext({ headers }: IncomingMessage): RequestContext {
  const requestId = requestIdFrom(headers['x-request-id']);
  const trace = traceContextFrom(headers);
  return trace === NO_TRACE ? { requestId } : { requestId, ...trace };
}
