import { openRequestStorage, type RequestContext } from './request-context.js';

const storage = openRequestStorage();

/** The context of the request that is being handled, or undefined outside of one. */
export function currentRequest(): RequestContext | undefined {
  return storage.getStore();
}

/** The id of the request that is being handled, or undefined outside of one. */
export function currentRequestId(): string | undefined {
  return currentRequest()?.requestId;
}

/**
 * Runs `work`, and everything that it starts, as part of the request with this id. The trace context of the request that is
 * being handled goes along only where that is the one with this id.
 */
export function runWithRequestId<T>(requestId: string, work: () => T): T {
  const current = currentRequest();
  return storage.run(current?.requestId === requestId ? current : { requestId }, work);
}
