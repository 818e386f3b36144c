import type { LogFields, Logger } from '../../shared/log.js';

/** Warns. Where the logger fails, the line is lost and nothing else: a token that is good is not held back for it. */
export function warnSafely(logger: Logger, message: string, fields: LogFields): void {
  try {
    const result = logger.warn(message, fields);
    if (result instanceof Promise) result.catch(() => undefined);
  } catch {
    // The line is lost.
  }
}
