import type { Logger } from '../shared/log.js';

/**
 * Tells whether a line at level debug goes anywhere. winston formats every line before it looks at its level, which costs more than
 * the rest of a request's telling; those who write many lines are to ask before (`isLevelEnabled`, of winston and pino).
 *
 * @param logger - as it was given; its level may change at any time
 * @returns true where the logger says nothing of it
 */
export function isDebugging(logger: Logger): boolean {
  const { isLevelEnabled } = logger as { isLevelEnabled?: unknown };
  if (typeof isLevelEnabled !== 'function') return true;
  try {
    return Reflect.apply(isLevelEnabled, logger, ['debug']) !== false;
  } catch {
    return true;
  }
}
