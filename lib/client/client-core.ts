import type { Agents } from './target/agents.js';
import type { RefreshEvent, Teller } from './client-events.js';
import type { OriginPolicy } from './target/origin-policy.js';
import type { TokenKeeper } from './tokens/token-keeper.js';

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
  /** How long a target has to answer before its silence counts against it, in ms. */
  readonly patienceMs: number;
  /** Told of every token that is about to be sent: tells of another than before, and of one that will soon expire. */
  readonly noteToken: (token: string, reason: RefreshEvent['reason']) => void;
}
