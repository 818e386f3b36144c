/** What a promise gives, or `instead` where that takes longer than `waitMs` milliseconds. */
export async function withinTime<T>(promise: Promise<T>, waitMs: number, instead: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(resolve, waitMs, instead);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
