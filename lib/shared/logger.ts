import { ConfigurationError } from './errors.js';
import { describe } from './options.js';
import { readSetting, type Environment } from './settings.js';

/** The fields of a log line, beside its message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What this package needs of a logger; a winston logger is one. */
export interface Logger {
  /** What helps to find a fault. */
  debug(message: string, fields?: LogFields): unknown;
  /** What happened: grants. */
  info(message: string, fields?: LogFields): unknown;
  /** What somebody should look at some day: refusals. */
  warn(message: string, fields?: LogFields): unknown;
  /** What somebody should look at now: services that are not reached, guards without context. */
  error(message: string, fields?: LogFields): unknown;
}

/** A logger that is settled: it throws nothing but errors, and says what is worth making. */
export interface SettledLogger extends Logger {
  /**
   * Tells whether a line of that level goes anywhere. winston makes every line before it looks at its level, which costs more than to
   * let somebody in: who writes one for each request is to ask before (`isLevelEnabled`, of winston and pino).
   *
   * @returns true where the logger says nothing of it
   */
  hears(level: keyof Logger): boolean;
}

/** How much is logged: that level and the graver ones. */
export type LogLevel = 'error' | 'warn' | 'info' | 'http' | 'verbose' | 'debug' | 'silly';

/** winston's, the gravest first. */
const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'http', 'verbose', 'debug', 'silly'];

/**
 * Reads how much is logged.
 *
 * @param option - what the caller asks for. Default: `LOG_LEVEL`, else `info`
 * @param env - the environment that `LOG_LEVEL` is read from
 * @throws ConfigurationError where it is none of winston's levels
 */
export function readLevel(option: LogLevel | undefined, env: Environment): LogLevel {
  const level = option ?? readSetting('LOG_LEVEL', env) ?? 'info';
  if (isLevel(level)) return level;
  const setting = option === undefined ? 'LOG_LEVEL' : 'level';
  throw new ConfigurationError(setting, `must be one of ${LEVELS.join(', ')}.`);
}

function isLevel(level: string): level is LogLevel {
  return (LEVELS as readonly string[]).includes(level);
}

/** Tells whether a logger of that level hears a line of the other. */
export function isWithin(level: LogLevel, line: LogLevel): boolean {
  return LEVELS.indexOf(line) <= LEVELS.indexOf(level);
}

// Behind Symbol.for: two copies of this package write through one logger.
const DEFAULT_LOGGER = Symbol.for('service-auth.logger');

/** The process's logger of this package, where one was made. */
export function existingLogger(): Logger | undefined {
  return (globalThis as Record<symbol, Logger | undefined>)[DEFAULT_LOGGER];
}

/** Makes a logger the process's. */
export function registerLogger(logger: Logger): Logger {
  (globalThis as Record<symbol, Logger | undefined>)[DEFAULT_LOGGER] = logger;
  return logger;
}

const METHODS = ['debug', 'info', 'warn', 'error'] as const;

/**
 * Reads a `logger` option. Where it fails, what it returns throws an `Error`, whatever the logger threw: no line, no entry.
 *
 * @param makeDefault - gives the logger of who was given none
 * @throws ConfigurationError where it lacks one of the four methods
 */
export function settleLogger(value: Logger | undefined, makeDefault: () => Logger): SettledLogger {
  if (value === undefined) return throwingErrors(makeDefault());
  if (METHODS.every((method) => typeof (value as Partial<Logger> | null)?.[method] === 'function'))
    return throwingErrors(value);
  throw new ConfigurationError(
    'logger',
    `must have debug, info, warn and error, as a winston logger has, not ${describe(value)}.`,
  );
}

/** Express reads a thrown `null` or `'route'` as "go on": a logger that fails like that would let in whom it should record. */
function throwingErrors(logger: Logger): SettledLogger {
  const at =
    (method: keyof Logger): Logger['info'] =>
    (message, fields) => {
      try {
        const result = logger[method](message, fields);
        // Too late to refuse anybody, but no reason to end the process.
        if (result instanceof Promise) {
          result.catch(() => {
            process.emitWarning('The logger lost a line.', 'ServiceAuthWarning');
          });
        }
        return result;
      } catch (reason) {
        throw reason instanceof Error ? reason : new Error('The logger failed.', { cause: reason });
      }
    };
  const { isLevelEnabled } = logger as { isLevelEnabled?: unknown };
  // Asked each time: the level may change.
  const hears = (level: keyof Logger): boolean => {
    if (typeof isLevelEnabled !== 'function') return true;
    try {
      return Reflect.apply(isLevelEnabled, logger, [level]) !== false;
    } catch {
      return true;
    }
  };
  return Object.freeze({ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), hears });
}
