import { setTimeout as sleep } from 'node:timers/promises';

/** What `read` says at once, after an await, after a timer and in a callback. */
export async function seenAllAlong<T>(read: () => T): Promise<T[]> {
  const seen = [read()];
  await Promise.resolve();
  seen.push(read());
  await sleep(1);
  seen.push(read());
  await new Promise<void>((resolve) => {
    setImmediate(() => {
      seen.push(read());
      resolve();
    });
  });
  return seen;
}
