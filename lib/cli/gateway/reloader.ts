import { setTimeout as wait } from 'node:timers/promises';
import { logSafely } from '../../shared/log-safely.js';
import { watchSource } from '../../shared/watched-source.js';
import type { ConfigFile } from './config-file.js';
import { type ConfigProblem, problemInWords } from './config-problem.js';
import type { Generation } from './generation.js';
import { type Loaded, loadGeneration } from './load-generation.js';
import type { SourceTools } from './open-sources.js';
import { restartNeeded } from './restart-needed.js';

/** How long the revocations of a new configuration may take to be read, in ms. Until then the one before stays in force. */
const READY_WITHIN_MS = 10_000;

/** Keeps the generation in force, and puts another one in its place. */
export interface Reloader {
  readonly current: () => Generation;
  /** Reads the file now. Several calls at once are one. */
  readonly reload: () => Promise<void>;
  /** Ends the watching, and retires the generation in force. */
  readonly close: () => void;
}

/**
 * Loads a configuration, and follows its file: a change is in force a second or two after it is complete. One that is wrong is told in
 * one line of the log, and the one before stays.
 *
 * @param onInstall - told of a generation that takes the place of another
 * @param readyWithinMs - how long the revocations of a new one may take to be read
 * @returns all that is wrong, where that is already so with the first one
 * @throws ConfigurationError where the file cannot be read
 */
export function createReloader(
  file: ConfigFile,
  tools: SourceTools,
  onInstall: (generation: Generation) => void,
  readyWithinMs: number = READY_WITHIN_MS,
): Reloader | readonly ConfigProblem[] {
  const { logger } = tools;
  const watched = watchSource<string>({
    // A text that was cut short may be a valid one that lacks some routes: it is believed once two looks agree.
    read: () => ({ text: file.read(), isWhole: false }),
    parse: (text) => text,
    onChange: (text) => {
      // What a signal has had loaded, or refused, meanwhile.
      if (text !== tried) void enqueue(() => text);
    },
    onTrouble: ({ message }) => {
      refuse([message]);
    },
    onRecovery: () => {
      logSafely(logger, 'info', 'Configuration can be read again', { file: file.label });
    },
  });
  let tried = watched.value();
  const first = loadGeneration(tried, file, tools);
  if (first.generation === undefined) {
    watched.close();
    return first.problems;
  }
  let current: Generation = first.generation;
  let isClosed = false;
  // Asked anew after each wait.
  const isOver = (): boolean => isClosed;
  let queue = Promise.resolve();
  let next: (() => string) | undefined;

  const refuse = (problems: readonly string[]): void => {
    const text = 'Configuration is wrong; the one in force stays';
    logSafely(logger, 'error', text, { file: file.label, problems });
  };
  const attempt = async (): Promise<void> => {
    const read = next as () => string;
    next = undefined;
    if (isOver()) return;
    let loaded: Loaded;
    try {
      tried = read();
      loaded = await accepted(loadGeneration(tried, file, tools), current, readyWithinMs);
    } catch (error) {
      refuse([(error as Error).message]);
      return;
    }
    const { generation, problems } = loaded;
    if (generation === undefined) refuse(problems.map((problem) => problemInWords(file.label, problem)));
    else if (isOver()) generation.retire();
    else install(generation);
  };
  const install = (generation: Generation): void => {
    const before = current;
    current = generation;
    onInstall(generation);
    before.retire();
    const routes = Object.keys(generation.config.routes).length;
    logSafely(logger, 'info', 'Configuration reloaded', { file: file.label, routes });
  };
  const enqueue = (read: () => string): Promise<void> => {
    if (next === undefined) queue = queue.then(attempt);
    next = read;
    return queue;
  };

  return {
    current: () => current,
    reload: () => enqueue(file.read),
    close() {
      isClosed = true;
      watched.close();
      current.retire();
    },
  };
}

/** What of a new generation keeps it from taking the place of the one in force. */
async function accepted(loaded: Loaded, inForce: Generation, readyWithinMs: number): Promise<Loaded> {
  if (loaded.generation === undefined) return loaded;
  const { generation } = loaded;
  const problems = restartNeeded(inForce.config, generation.config);
  const isReady = problems.length === 0 && (await becomesReady(generation, readyWithinMs));
  if (isReady) return loaded;
  generation.retire();
  return { problems: problems.length > 0 ? problems : [NOT_READY] };
}

const NOT_READY: ConfigProblem = {
  line: undefined,
  column: undefined,
  message: 'revocations could not be read in time: is Redis there, and the package redis installed?',
};

/** In its place before it knows what is revoked, it would refuse everybody. */
async function becomesReady({ revocations }: Generation, withinMs: number): Promise<boolean> {
  if (revocations === undefined) return true;
  const giveUp = new AbortController();
  const late = wait(withinMs, false, { signal: giveUp.signal }).catch(() => false);
  const ready = revocations.ready().then(
    () => true,
    () => false,
  );
  const isReady = await Promise.race([ready, late]);
  giveUp.abort();
  return isReady;
}
