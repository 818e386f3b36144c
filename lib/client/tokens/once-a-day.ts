const DAY_MS = 24 * 60 * 60 * 1000;
const MAX_KEYS = 1000;

/**
 * Makes a gate that opens once a day for each key: for warnings that would otherwise come with every request. Of more than 1,000
 * keys, those that it opened for first are forgotten.
 *
 * @returns tells whether it opens for this key, now
 */
export function createDailyGate(): (key: string) => boolean {
  const openedAt = new Map<string, number>();
  return (key) => {
    const now = Date.now();
    const last = openedAt.get(key);
    // A clock that was set back must not keep it shut until its old time comes again.
    if (last !== undefined && now >= last && now - last < DAY_MS) return false;
    openedAt.delete(key);
    if (openedAt.size >= MAX_KEYS) openedAt.delete(openedAt.keys().next().value as string);
    openedAt.set(key, now);
    return true;
  };
}
