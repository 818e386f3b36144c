import winston from 'winston';
import {
  existingLogger,
  type Logger,
  type LogLevel,
  readLevel,
  registerLogger,
  settleLogger,
  type SettledLogger,
} from './logger.js';
import { ownOptions } from './options.js';
import { redactLine, renderLine } from './render-line.js';
import type { Environment } from './settings.js';
import { createStdoutTransport } from './stdout-transport.js';

export type { LogFields, Logger, LogLevel, SettledLogger } from './logger.js';

/** Options of {@link createLogger}. */
export interface CreateLoggerOptions {
  /** Default: `LOG_LEVEL`, else `info`. */
  readonly level?: LogLevel | undefined;
  /** Where the lines go. Default: stdout, the lines of one turn of the event loop at once. */
  readonly transports?: readonly winston.transport[] | undefined;
}

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

const jsonLine = winston.format((info) => renderLine(info));

/**
 * Makes a winston logger that writes one JSON object a line, with an ISO 8601 timestamp and without secrets.
 *
 * @param options - level and transports
 * @param env - the environment that `LOG_LEVEL` is read from
 * @throws ConfigurationError where the level is none of winston's
 */
export function createLogger(options: CreateLoggerOptions = {}, env: Environment = process.env): winston.Logger {
  options = ownOptions('createLogger', options, ['level', 'transports']);
  return winston.createLogger({
    level: readLevel(options.level, env),
    format: jsonLine(),
    transports: [...(options.transports ?? [createStdoutTransport()])],
  });
}

/**
 * The logger of everything that was given none: made on first use, one for the process.
 *
 * @param level - how much it logs where it is made now. Default: `LOG_LEVEL`, else `info`
 * @throws ConfigurationError where it is made now and `LOG_LEVEL` is wrong
 */
export function defaultLogger(level?: LogLevel): Logger {
  return existingLogger() ?? registerLogger(createLogger({ level }));
}

/**
 * Reads a `logger` option. Where it fails, what it returns throws an `Error`, whatever the logger threw: no line, no entry.
 *
 * @throws ConfigurationError where it lacks one of the four methods
 */
export function readLogger(value: Logger | undefined): SettledLogger {
  return settleLogger(value, defaultLogger);
}
