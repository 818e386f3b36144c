import pino from 'pino';
import winston from 'winston';

/** The first words of the line that all of them write. */
export const MESSAGE = 'Service-only access granted';

/** @returns what writes fields as pino does, to stdout, with the time as ours has it */
export function makePino() {
  const logger = pino({ timestamp: pino.stdTimeFunctions.isoTime });
  return (fields) => logger.info(fields, MESSAGE);
}

/**
 * @param {import('winston').transport} [transport] default: its Console
 * @returns what writes fields as winston does
 */
export function makeWinston(transport = new winston.transports.Console()) {
  const format = winston.format.combine(winston.format.timestamp(), winston.format.json());
  const logger = winston.createLogger({ format, transports: [transport] });
  return (fields) => logger.info(MESSAGE, fields);
}
