/**
 * Runs what may fail for input that strangers choose, and often does: errors made meanwhile have no stack, which costs more than
 * the check that failed and which nobody reads.
 *
 * @param work - does nothing of the application's, whose errors keep their stacks
 */
export function withoutStack<T>(work: () => T): T {
  const { stackTraceLimit } = Error;
  limitStack(0);
  try {
    return work();
  } finally {
    limitStack(stackTraceLimit);
  }
}

/** Says how many calls the stack of an error tells; where the intrinsics are frozen, nothing. */
export function limitStack(calls: number): void {
  Reflect.set(Error, 'stackTraceLimit', calls);
}
