import type { WatchedRevocationList } from '../../server/revocation/watched-revocations.js';
import { createRevocationList } from '../../shared/revocation.js';

/** An empty list in place of one that would have to be asked for: a check connects to nobody. */
export function unaskedRevocations(): WatchedRevocationList {
  const done = (): Promise<void> => Promise.resolve();
  return { ...createRevocationList(), ready: done, stalenessSeconds: () => 0, close: done };
}
