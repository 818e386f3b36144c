import type { Agent } from 'node:http';
import type { ResponseHeadWriter } from './response-head.js';
import type { UpstreamConnections } from './upstream-connections.js';

/** Where a route leads. Made once per route, so that connections are kept and reused. */
export interface ForwardTarget {
  /** Scheme, host and port; its path is not used. */
  readonly origin: URL;
  /** An agent of the origin's scheme. Its idle connections may be closed by us: don't share it with other code. */
  readonly agent: Agent;
  /** The connections for requests without a body; undefined: those go by the agent too. */
  readonly connections?: UpstreamConnections | undefined;
}

/** What is sent, besides method and body, which are the client's. */
export interface ForwardRequest {
  readonly target: ForwardTarget;
  /** Path and query, as they go on the wire. */
  readonly path: string;
  /** Flat list name, value, …; see `outgoingHeaders`. Without `Host`, `Connection` and framing, which are added here. */
  readonly headers: readonly string[];
  /** What the answer gets beside the service's headers; flat. */
  readonly answerHeaders: readonly string[];
}

/** Limits in milliseconds (1 to 2^31-1), and how a response's head is written. */
export interface ForwardOptions {
  /** Until the TCP connection stands. */
  readonly connectTimeoutMs: number;
  /**
   * Until the response head, from the last byte of the upload that the service took. While it is the client who is slow
   * the clock stands; that wait is bounded by `idleTimeoutMs` more, and by the server's own `requestTimeout`.
   */
  readonly responseTimeoutMs: number;
  /** The longest time in which no byte moves, of an upload or after the response head. An event stream needs a heartbeat. */
  readonly idleTimeoutMs: number;
  /** Writes response heads, without what a response must not carry. */
  readonly writeHead: ResponseHeadWriter;
}

/** The limits of {@link ForwardOptions}. */
export type ForwardTimeouts = Pick<ForwardOptions, 'connectTimeoutMs' | 'responseTimeoutMs' | 'idleTimeoutMs'>;

/** The limits where none are given. */
export const FORWARD_TIMEOUTS: Readonly<ForwardTimeouts> = Object.freeze({
  connectTimeoutMs: 5_000,
  responseTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
});

/** Why there is no answer to pass on: 502 (refused, not found, broken before a sound head), 504 (silent) or 408 (a silent client). */
export type ForwardFailure = 'upstream_unreachable' | 'upstream_timeout' | 'client_timeout';
