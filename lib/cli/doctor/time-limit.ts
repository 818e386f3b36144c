/** Counts down the time that a probe has. */
export interface TimeLimit {
  /** In ms, at least 1. */
  left(): number;
}

/** Begins to count. */
export function timeLimit(ms: number): TimeLimit {
  const end = performance.now() + ms;
  return { left: () => Math.max(1, end - performance.now()) };
}
