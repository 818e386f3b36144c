import type { Logger } from '../../shared/logger.js';
import { isMinted } from './minted-token.js';
import { createDailyGate } from './once-a-day.js';
import { isoTime, tokenFactsOf } from './token-facts.js';
import { logSafely } from '../../shared/log-safely.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const NOTICE_MS = 30 * DAY_MS;

const gates = new WeakMap<Logger, ReturnType<typeof createDailyGate>>();

/**
 * Warns of a token that has less than 30 days to live, once a day for each logger, service and source. Not of those of
 * `mintedToken`, which are renewed without anybody's help. Never throws.
 *
 * @param logger - the client's, as it was given: what is made of it anew for each client is another each time
 * @param sourceName - what the token comes from
 * @param token - the token that is about to be sent
 */
export function warnBeforeExpiry(logger: Logger, sourceName: string, token: string): void {
  const facts = tokenFactsOf(token);
  if (facts?.expiresAt === undefined) return;
  const msLeft = facts.expiresAt * 1000 - Date.now();
  if (msLeft >= NOTICE_MS || isMinted(facts.id)) return;
  const isDue = gates.get(logger) ?? createDailyGate();
  gates.set(logger, isDue);
  if (!isDue(`${facts.service}\n${sourceName}`)) return;
  logSafely(logger, 'warn', 'Service token expires soon', {
    service: facts.service,
    expires: isoTime(facts.expiresAt),
    days_left: Math.floor(msLeft / DAY_MS),
    source: sourceName,
  });
}
