import type { Agents } from './agents.js';
import type { Teller } from './client-events.js';
import type { OriginPolicy } from './origin-policy.js';
import type { TokenKeeper } from './token-keeper.js';

/** What one client's requests have in common: its options, settled, and what it holds. */
export interface ClientCore {
  readonly tokens: TokenKeeper;
  readonly origins: OriginPolicy;
  readonly agents: Agents;
  readonly teller: Teller;
  /** The target's name, where the client was told. */
  readonly service: string | undefined;
  readonly maxTries: number;
  /** Of one try, for a request whose config has no `timeout` of its own. */
  readonly timeoutMs: number;
  /** Of a request as a whole. */
  readonly deadlineMs: number;
  readonly usesBreaker: boolean;
  /** Warns where a token that is about to be sent will soon be none. */
  readonly checkExpiry: (token: string) => void;
}
