import { type BatchedOutput, droppedLine } from './batched-output.js';
import { logSafely } from './log-safely.js';
import {
  existingLogger,
  isWithin,
  type LogFields,
  type Logger,
  type LogLevel,
  readLevel,
  settleLogger,
  type SettledLogger,
} from './logger.js';
import { MESSAGE, renderLine } from './render-line.js';
import { stdoutOutput } from './stdout-output.js';

/** How many lines wait for the logger at most. Loading it takes some 50 ms. */
export const MAX_WAITING_LINES = 1000;

/** A logger that says which levels it hears, as winston's does. */
export interface LateLogger extends Logger {
  /** Tells whether a line of that level goes anywhere. */
  isLevelEnabled(level: keyof Logger): boolean;
}

/** What a late logger is made of; tests give others. */
export interface LateLoggerParts {
  /** How much is logged, as long as no logger is there to say. */
  readonly level: LogLevel;
  /** Gives the logger, where there is one. */
  readonly existing: () => Logger | undefined;
  /** Makes the logger that `existing` gives from then on. */
  readonly load: () => Promise<unknown>;
  /** Opens what the lines are written to where the logger never comes. */
  readonly openOutput: () => BatchedOutput;
  /** Registers what is to be done when the process ends. */
  readonly onExit: (listener: () => void) => void;
}

/** A line that waits. */
interface WaitingLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: LogFields;
}

let late: Logger | undefined;

/**
 * The logger of everything in the client half that was given none: the process's, but winston is loaded only when there is something to
 * say. The same for the whole process, as far as it is asked through this copy of the package.
 *
 * @throws ConfigurationError where `LOG_LEVEL` is wrong, and no logger there that has read it
 */
export function lateLogger(): Logger {
  return late ?? existingLogger() ?? (late = createProcessLogger());
}

/**
 * Reads a `logger` option of the client half: as `readLogger()` does, with {@link lateLogger} for a default.
 *
 * @throws ConfigurationError where it lacks one of the four methods
 */
export function readClientLogger(value: Logger | undefined): SettledLogger {
  return settleLogger(value, lateLogger);
}

function createProcessLogger(): Logger {
  const level = readLevel(undefined, process.env);
  return createLateLogger({
    level,
    existing: existingLogger,
    // With the level that was found: what LOG_LEVEL says by then may be wrong, and nobody would be told.
    load: async () => (await import('./log.js')).defaultLogger(level),
    openOutput: stdoutOutput,
    onExit: (listener) => process.on('exit', listener),
  });
}

/**
 * Makes a logger that stands for one that is loaded with the first line that is heard. Until it is there, lines wait in order, as they
 * were when they were logged; more than {@link MAX_WAITING_LINES} are dropped, and a line tells how many. Where the process ends before, or
 * the logger cannot be loaded, they are written without it. Only a signal without a handler loses any.
 */
export function createLateLogger({ level, existing, load, openOutput, onExit }: LateLoggerParts): LateLogger {
  let waiting: WaitingLine[] = [];
  let dropped = 0;
  let state: 'unneeded' | 'loading' | 'failed' | 'ending' = 'unneeded';

  const handOver = (): void => {
    const lines = waiting;
    waiting = [];
    const logger = existing();
    if (logger === undefined) for (const line of lines) openOutput().add(textOf(line));
    else for (const line of lines) logSafely(logger, line.level, line.message, line.fields);
    // Whatever the level: with the lines, not among them.
    if (dropped > 0) openOutput().add(droppedLine(dropped));
    dropped = 0;
    // Whether it does so by itself depends on who listened first.
    if (state === 'ending') openOutput().end();
  };

  const begin = (): void => {
    state = 'loading';
    load().then(handOver, () => {
      if (state === 'loading') state = 'failed';
      handOver();
    });
  };

  const wait = (line: WaitingLine): void => {
    if (waiting.length >= MAX_WAITING_LINES) {
      dropped++;
      return;
    }
    waiting.push(line);
    if (state === 'unneeded') begin();
    else if (state !== 'loading') handOver();
  };

  onExit(() => {
    state = 'ending';
    if (waiting.length > 0) handOver();
  });

  const isLevelEnabled = (line: keyof Logger): boolean => {
    const logger = existing() as Partial<LateLogger> | undefined;
    if (logger === undefined) return isWithin(level, line);
    // As with any logger: one that does not say hears everything.
    return typeof logger.isLevelEnabled !== 'function' || logger.isLevelEnabled(line);
  };

  const at =
    (name: keyof Logger): Logger['info'] =>
    (message, fields) => {
      const logger = existing();
      if (logger !== undefined) {
        // Others had it made, or it has just been loaded.
        if (waiting.length > 0) handOver();
        return logger[name](message, fields);
      }
      if (isWithin(level, name)) wait({ level: name, message, fields: stamped(fields) });
      return undefined;
    };

  return Object.freeze({ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), isLevelEnabled });
}

/** Copies the fields, with the time: what changes until the line is written is no part of it. */
function stamped(fields: LogFields | undefined): LogFields {
  return { ...fields, timestamp: fields?.['timestamp'] ?? new Date().toISOString() };
}

function textOf({ level, message, fields }: WaitingLine): string {
  // The order is winston's.
  return renderLine({ ...fields, level, message })[MESSAGE];
}
