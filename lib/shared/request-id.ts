import { randomUUID } from 'node:crypto';

/** The header that carries the request id. */
export const REQUEST_ID_HEADER = 'x-request-id';

const SANE = /^[A-Za-z0-9._-]{1,128}$/;

/** Tells whether a request id that came from outside may be logged and passed on: 1 to 128 of `[A-Za-z0-9._-]`. */
export function isRequestId(value: unknown): value is string {
  return typeof value === 'string' && SANE.test(value);
}

/** Returns `value` if it is a sane request id, else a new UUID. */
export function requestIdFrom(value: unknown): string {
  return isRequestId(value) ? value : randomUUID();
}
