import { TokenRevokedError } from './errors.js';
import type { RevocableToken } from './revocation.js';
import type { AskedList } from './revocation-state.js';
import type { Perishable } from './verified-token-cache.js';

/** What a revocation list may have something against. */
export interface Revocable extends Perishable {
  readonly revocable: RevocableToken;
  /** The state of the list when it had nothing against it; 0 before it was asked, and where it tells none. */
  readonly asked: { state: number };
}

/**
 * Asks the list about a token, unless the list is in the state in which it was last asked about it.
 *
 * @throws AuthError `token_revoked`; `revocations_stale`, or whatever the list throws
 */
export function refuseRevoked({ revocable, asked }: Revocable, revocations: AskedList | undefined): void {
  if (revocations === undefined) return;
  const state = revocations.state();
  if (state !== undefined && state === asked.state) return;
  const isRevoked = revocations.isRevoked(revocable);
  if (isRevoked === false) {
    asked.state = state ?? 0;
    return;
  }
  const { tokenId, service } = revocable;
  if (isRevoked === true) throw new TokenRevokedError(undefined, { tokenId, service });
  // Anything but a plain no refuses: a list that answers with a promise must not let everybody in, nor end the process.
  Promise.resolve(isRevoked).catch(() => undefined);
  throw new TokenRevokedError('list_gave_no_answer');
}
