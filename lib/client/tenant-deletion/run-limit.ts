import { setMaxListeners } from 'node:events';
import type { StopReason } from './deletion-report.js';

/** What ends a run before it is done. */
export interface RunLimit {
  /** Why it stops; undefined: it goes on. */
  readonly reason: () => StopReason | undefined;
  /** Aborted when nothing more is to be asked. */
  readonly soft: AbortSignal;
  /** Aborted when what is under way is to be broken off too. */
  readonly hard: AbortSignal;
  readonly stop: (reason: StopReason) => void;
  /** Nothing can be written down any more: nothing must be sent. */
  readonly breakOff: () => void;
  readonly release: () => void;
}

/**
 * Watches the limits of a run.
 *
 * @param signal - the kill switch
 * @param deadlineMs - how long it may take
 * @param onStop - told once
 */
export function startRunLimit(
  signal: AbortSignal | undefined,
  deadlineMs: number,
  onStop: (reason: StopReason) => void = () => undefined,
): RunLimit {
  const soft = new AbortController();
  const hard = new AbortController();
  // Every service may wait, and every request listens: more than ten are no leak.
  setMaxListeners(0, soft.signal, hard.signal);
  let reason: StopReason | undefined;
  const stop = (why: StopReason): void => {
    if (soft.signal.aborted) return;
    reason = why;
    soft.abort();
    onStop(why);
  };
  const onAbort = (): void => {
    stop('aborted');
  };
  const timer = setTimeout(() => {
    stop('deadline');
    hard.abort();
  }, deadlineMs);
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort);
  return {
    reason: () => reason,
    soft: soft.signal,
    hard: hard.signal,
    stop,
    breakOff() {
      soft.abort();
      hard.abort();
    },
    release() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}
