import { EventEmitter } from 'node:events';
import type { LogFields, Logger } from '../shared/logger.js';
import type { CallOutcome } from './sending/call-outcome.js';
import type { CircuitBreakerState } from './target/circuit-breaker.js';
import { logSafely } from '../shared/log-safely.js';

/** What every event says of its request. */
export interface RequestEvent {
  /** The target's name, as in `ServiceRequestError.service`. */
  readonly service: string | undefined;
  /** In upper case. */
  readonly method: string;
  /** Without query, fragment and user info. */
  readonly url: string;
  /** The `x-request-id` that is sent along. */
  readonly requestId: string | undefined;
}

/** One try is over. */
export interface TryEvent extends RequestEvent {
  /** Which one, from 1. */
  readonly try: number;
  /** The answer's, where its head came. */
  readonly status: number | undefined;
  /** What went wrong, as in `ServiceRequestError.code`; undefined for a success. */
  readonly code: string | undefined;
  /** Whether it ran at the target. */
  readonly outcome: CallOutcome;
  /** From before the token was asked for to the last byte of the answer; of a streamed one, to its head. */
  readonly durationMs: number;
}

/** A request will be tried again. */
export interface RetryEvent extends RequestEvent {
  /** Which try failed, from 1. */
  readonly try: number;
  /** The status that it was answered with, if any. */
  readonly status: number | undefined;
  /** What went wrong. */
  readonly code: string;
  /** How long the wait before the next try is. */
  readonly delayMs: number;
}

/** This client sends another token than before, or was told that it should and has none. */
export interface RefreshEvent {
  /** What the token comes from, such as `SERVICE_TOKEN`. */
  readonly source: string;
  /** `unauthorized`: the one before was answered with 401. `changed`: the source gave another by itself. */
  readonly reason: 'unauthorized' | 'changed';
  /** Whether there is another one. */
  readonly isRenewed: boolean;
}

/** The circuit breaker of an origin has changed its state. Told once, to the client whose try showed it. */
export interface BreakerEvent {
  /** Such as `http://orders-service:8000`. */
  readonly origin: string;
  /** The target's name, as in `ServiceRequestError.service`. */
  readonly service: string | undefined;
  /** `open`: nothing is sent. `half_open`: one request is, to see. `closed`: all are. */
  readonly state: CircuitBreakerState;
}

/** What a service client tells, by the name of the event. */
export interface ServiceClientEvents {
  /** One try is over. */
  readonly try: TryEvent;
  /** A request will be tried again. */
  readonly retry: RetryEvent;
  /** The token has changed, or should have. */
  readonly refresh: RefreshEvent;
  /** The circuit breaker of an origin has changed its state. */
  readonly breaker: BreakerEvent;
}

/** Where a service client's events are heard: an `EventEmitter` of Node, with the types of the events. */
export interface ServiceClientEmitter {
  /** Calls `listener` with each event of this name. What it throws is logged and does no harm. */
  on<Name extends keyof ServiceClientEvents>(name: Name, listener: (event: ServiceClientEvents[Name]) => void): this;
  /** As `on`, for one event. */
  once<Name extends keyof ServiceClientEvents>(name: Name, listener: (event: ServiceClientEvents[Name]) => void): this;
  /** Takes a listener away. */
  off<Name extends keyof ServiceClientEvents>(name: Name, listener: (event: ServiceClientEvents[Name]) => void): this;
}

/** Tells what happens, to whoever listens. Never throws: who watches a request has no part in it. */
export interface Teller {
  readonly events: ServiceClientEmitter;
  readonly emit: <Name extends keyof ServiceClientEvents>(name: Name, event: ServiceClientEvents[Name]) => void;
  /** Whether anybody listens to events of this name: for those that come with every request, and cost something to make. */
  readonly isHeard: (name: keyof ServiceClientEvents) => boolean;
  /** Whether a line at level debug goes anywhere, as far as the logger says so. */
  readonly isDebugging: () => boolean;
  readonly debug: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
}

/**
 * Makes the teller of one client.
 *
 * @param logger - for its lines
 * @param given - the emitter to use. Default: one of its own
 * @param isDebugging - whether the logger does anything with a line at level debug. Default: it may
 */
export function createTeller(logger: Logger, given?: EventEmitter, isDebugging: () => boolean = () => true): Teller {
  const warn: Teller['warn'] = (message, fields) => {
    logSafely(logger, 'warn', message, fields);
  };
  const report = (error: unknown): void => {
    warn('A listener of a service client failed', { error });
  };
  const emitter = given ?? new EventEmitter();
  return {
    events: emitter,
    emit(name, event) {
      for (const listener of emitter.rawListeners(name)) {
        try {
          const result: unknown = Reflect.apply(listener, emitter, [event]);
          // Listeners may be async; a rejection that nobody hears of would end the process.
          if (result instanceof Promise) result.catch(report);
        } catch (error) {
          report(error);
        }
      }
    },
    isHeard: (name) => emitter.listenerCount(name) > 0,
    isDebugging,
    debug(message, fields) {
      logSafely(logger, 'debug', message, fields);
    },
    warn,
  };
}
