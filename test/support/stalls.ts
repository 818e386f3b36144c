import { performance } from 'node:perf_hooks';

// As of when a test has not yet faked anything.
const { setTimeout: wait } = globalThis;
const now = performance.now.bind(performance);

/**
 * Has the event loop stand still again and again, for 30 ms to `longestMs`, as it does on a busy machine. A test that fails meanwhile
 * depends on the time that something takes.
 */
export function standStill(longestMs: number): void {
  const end = now() + 30 * (longestMs / 30) ** Math.random();
  while (now() < end);
  wait(standStill, 100 + 500 * Math.random(), longestMs).unref();
}
