import { createHash } from 'node:crypto';

/** What tells one deletion from another. */
export interface OperationParts {
  /** The service whose data is deleted: its name, or where it is mounted. */
  readonly place: string;
  /** The name of the service that asks for it. */
  readonly caller: string;
  readonly key: string;
}

/**
 * Names an operation for the store. Services may share a store and be sent one key, and callers choose keys without knowing of each
 * other; a hash tells nobody who reads the store what they were.
 */
export function operationName({ place, caller, key }: OperationParts): string {
  return sha256(JSON.stringify([place, caller, key]));
}

/** Names the tenant that an operation is about. The id of a tenant who wants to be forgotten is not kept for it. */
export function operationSubject(tenantId: string): string {
  return sha256(tenantId);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
