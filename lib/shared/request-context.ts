import { AsyncLocalStorage } from 'node:async_hooks';

/** Where a request stands in a distributed trace: the two headers of W3C Trace Context, as they came. */
export interface TraceContext {
  readonly traceparent?: string;
  /** Only ever beside a `traceparent`: it means nothing without. */
  readonly tracestate?: string;
}

/** What goes on from a request that is being handled to the requests that it causes. */
export interface RequestContext extends TraceContext {
  readonly requestId: string;
}

// Behind Symbol.for: a server half loaded as ESM and a client half loaded as CommonJS share the one storage.
const STORAGE = Symbol.for('service-auth.request');
const registry = globalThis as Record<symbol, AsyncLocalStorage<RequestContext> | undefined>;

/**
 * The storage of what can ask for a request's context. Whoever loads that makes it: in a process where nobody can ask, no request
 * pays for being tracked through everything that it starts (async hooks, on Node 20).
 */
export function openRequestStorage(): AsyncLocalStorage<RequestContext> {
  return (registry[STORAGE] ??= new AsyncLocalStorage<RequestContext>());
}

/** Runs `work`, and everything that it starts, as part of the request with this context, where anything can ask for it. */
export function runInRequest<T>(context: RequestContext, work: () => T): T {
  const storage = registry[STORAGE];
  return storage === undefined ? work() : storage.run(context, work);
}

const MAX_LENGTH = 512;
// Version, trace-id, parent-id, flags. No comma in what later versions may add: Node joins a repeated header with one.
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x2b\x2d-\x7e]*)?$/;
const VERSION_00_LENGTH = 55;
const PRINTABLE = /^[\x20-\x7e]+$/;

/** What a request has that stands in no trace. */
export const NO_TRACE: TraceContext = Object.freeze({});

/**
 * Reads the trace context of a request (W3C Trace Context, levels 1 and 2, §3.2 and §3.3). What is malformed counts as absent;
 * a `tracestate` is taken for opaque text, and never without a valid `traceparent`.
 *
 * @param headers - as Node gives them: names in lower case, repeated lines joined
 */
export function traceContextFrom(headers: Readonly<Record<string, unknown>>): TraceContext {
  const traceparent = headers['traceparent'];
  if (!isTraceparent(traceparent)) return NO_TRACE;
  const tracestate = headers['tracestate'];
  return isTracestate(tracestate) ? { traceparent, tracestate } : { traceparent };
}

function isTraceparent(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_LENGTH || !TRACEPARENT.test(value)) return false;
  // A version that is not known yet is read as far as it is known (§3.2.4); 00 is, and ends with the flags.
  return !value.startsWith('00') || value.length === VERSION_00_LENGTH;
}

function isTracestate(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_LENGTH && PRINTABLE.test(value);
}
