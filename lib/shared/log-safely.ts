import type { LogFields, Logger } from './logger.js';

/** Logs. Where the logger fails, the line is lost and nothing else: no request fails for it. */
export function logSafely(logger: Logger, level: keyof Logger, message: string, fields?: LogFields): void {
  try {
    const result = logger[level](message, fields);
    if (result instanceof Promise) result.catch(() => undefined);
  } catch {
    // The line is lost.
  }
}
