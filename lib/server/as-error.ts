/**
 * What an application's own key ring, revocation list or service function threw, as something that Express takes for an
 * error: it reads `next(null)` and `next('route')` as "go on", and so would let in whom nobody looked at.
 */
export function asError(reason: unknown): Error {
  return reason instanceof Error
    ? reason
    : new Error('A key ring, revocation list or service function failed.', { cause: reason });
}
