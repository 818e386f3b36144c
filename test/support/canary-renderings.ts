import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import winston from 'winston';
import { createLogger } from '../../lib/shared/log.js';
import type { CanaryRegistry } from './canary-registry.js';

const EVERYTHING = { depth: 10, showHidden: true, maxStringLength: null, maxArrayLength: null } as const;

/** A value in every way in which a program writes it down, by the name of the way. */
export function renderings(value: unknown): Readonly<Record<string, string>> {
  const { message, stack, cause } = (value ?? {}) as Partial<Error>;
  return {
    message: String(message),
    stack: String(stack),
    cause: inspect(cause, EVERYTHING),
    String: attempt(() => String(value)),
    JSON: attempt(() => JSON.stringify(value)),
    inspect: inspect(value, EVERYTHING),
    'console.log': inspect(value),
    'winston, its own formats': winstonLines(value, (stream) =>
      winston.createLogger({
        format: winston.format.combine(winston.format.errors({ stack: true, cause: true }), winston.format.json()),
        transports: [new winston.transports.Stream({ stream })],
      }),
    ),
    'winston, simple': winstonLines(value, (stream) =>
      winston.createLogger({
        format: winston.format.combine(winston.format.splat(), winston.format.simple()),
        transports: [new winston.transports.Stream({ stream })],
      }),
    ),
    createLogger: winstonLines(value, (stream) =>
      createLogger({ level: 'debug', transports: [new winston.transports.Stream({ stream })] }),
    ),
  };
}

/** Which of the secrets show in which rendering of a value, and where it was made if it is an error; no text of it. */
export function leaksOf(value: unknown, registry: CanaryRegistry): readonly string[] {
  const made = value instanceof Error ? (/^ +at .*?(\w[\w./-]*:\d+:\d+)\)?$/m.exec(value.stack ?? '')?.[1] ?? '') : '';
  const leaks = Object.entries(renderings(value)).flatMap(([way, text]) =>
    registry.leaksIn(text).map(({ label }) => `${label} in ${way} ${made}`.trim()),
  );
  return [...new Set(leaks)];
}

/** The three styles in which people hand an error to winston. */
function winstonLines(value: unknown, make: (stream: Writable) => winston.Logger): string {
  let lines = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines += chunk.toString();
      done();
    },
  });
  const logger = make(stream);
  attempt(() => logger.error(value));
  attempt(() => logger.error('text', value));
  attempt(() => logger.error({ message: 'text', err: value }));
  return lines;
}

/** What a value refuses to be made into shows nothing: a BigInt in JSON, an object without a prototype as a text. */
function attempt(act: () => unknown): string {
  try {
    return String(act());
  } catch {
    return '';
  }
}
