import winston from 'winston';
import { ConfigurationError } from './errors.js';
import { ownOptions, describe } from './options.js';
import { plainJson, redact, redactText } from './redact.js';
import { readSetting, type Environment } from './settings.js';
import { createStdoutTransport } from './stdout-transport.js';

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

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'http', 'verbose', 'debug', 'silly'];

/** Options of {@link createLogger}. */
export interface CreateLoggerOptions {
  /** Default: `LOG_LEVEL`, else `info`. */
  readonly level?: LogLevel | undefined;
  /** Where the lines go. Default: stdout, the lines of one turn of the event loop at once. */
  readonly transports?: readonly winston.transport[] | undefined;
}

// winston keeps what did not fit into the message here; its own formats, and transports of others, may print it.
const SPLAT = Symbol.for('splat');
const MESSAGE_KEYS = ['level', 'message'] as const;

/**
 * A winston format that takes secrets out of a line, whatever the call style: fields, errors, splat arguments and the
 * message itself. Put it before the format that renders.
 *
 * @example In a logger of your own
 * ```ts
 * import { redactFormat } from 'service-auth/shared';
 * import winston from 'winston';
 *
 * const logger = winston.createLogger({
 *   format: winston.format.combine(redactFormat(), winston.format.json()),
 *   transports: [new winston.transports.Console()],
 * });
 * logger.info('sent', { headers: { authorization: 'Bearer s3cr3t-s3cr3t' } });
 * ```
 */
export const redactFormat: winston.Logform.FormatWrap = winston.format((info) => redactLine(info));

function redactLine(info: winston.Logform.TransformableInfo): winston.Logform.TransformableInfo {
  const clean = redact(info) as winston.Logform.TransformableInfo;
  // redact() copies plain keys; winston's own symbols have to come along.
  for (const key of Object.getOwnPropertySymbols(info)) {
    const value: unknown = info[key as unknown as string];
    clean[key as unknown as string] = key === SPLAT ? redact(value) : value;
  }
  for (const key of MESSAGE_KEYS) if (typeof info[key] === 'string') clean[key] = redactText(info[key]);
  return clean;
}

// Where winston looks for the rendered line.
const MESSAGE = Symbol.for('message');

/**
 * A line as one JSON object, with a timestamp and without secrets. In place of three formats: most lines are flat and hold no secret, which
 * one look at the rendered text tells.
 */
const jsonLine = winston.format((info) => {
  // winston's timestamp() keeps one that is there, too.
  info['timestamp'] ||= new Date().toISOString();
  const plain = plainJson(info);
  const line = plain === undefined ? redactLine(info) : info;
  // It may repeat what was overwritten in the line, unseen; rendered as it is, nobody needs it.
  Reflect.deleteProperty(line, SPLAT);
  // What redact() has copied is plain: none of it goes in circles or is a bigint.
  return Object.assign(line, { [MESSAGE]: plain ?? JSON.stringify(line) });
});

/**
 * Makes a winston logger that writes one JSON object a line, with an ISO 8601 timestamp and without secrets.
 *
 * @param options - level and transports
 * @param env - the environment that `LOG_LEVEL` is read from
 * @throws ConfigurationError where the level is none of winston's
 */
export function createLogger(options: CreateLoggerOptions = {}, env: Environment = process.env): winston.Logger {
  options = ownOptions('createLogger', options, ['level', 'transports']);
  const level = options.level ?? readSetting('LOG_LEVEL', env) ?? 'info';
  if (!LEVELS.includes(level as LogLevel)) {
    const setting = options.level === undefined ? 'LOG_LEVEL' : 'level';
    throw new ConfigurationError(setting, `must be one of ${LEVELS.join(', ')}.`);
  }
  return winston.createLogger({
    level,
    format: jsonLine(),
    transports: [...(options.transports ?? [createStdoutTransport()])],
  });
}

const METHODS = ['debug', 'info', 'warn', 'error'] as const;

// Behind Symbol.for: two copies of this package write through one logger.
const DEFAULT_LOGGER = Symbol.for('service-auth.logger');

/** The logger of everything that was given none: made on first use, one for the process. */
export function defaultLogger(): Logger {
  const registry = globalThis as Record<symbol, Logger | undefined>;
  return (registry[DEFAULT_LOGGER] ??= createLogger());
}

/**
 * Reads a `logger` option. Where it fails, what it returns throws an `Error`, whatever the logger threw: no line, no entry.
 *
 * @throws ConfigurationError where it lacks one of the four methods
 */
export function readLogger(value: Logger | undefined): SettledLogger {
  if (value === undefined) return throwingErrors(defaultLogger());
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
