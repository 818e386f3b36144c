/** Calls back once nothing has happened for a while. Does not keep the process alive. */
export interface SilenceTimer {
  /** Begins a new wait, in place of the one before. */
  start(silenceMs: number, onSilence: () => void): void;
  /** Something happened: the present wait begins anew. */
  touch(): void;
  stop(): void;
}

export function createSilenceTimer(): SilenceTimer {
  let timer: NodeJS.Timeout | undefined;
  return {
    start(silenceMs, onSilence) {
      clearTimeout(timer);
      timer = setTimeout(onSilence, silenceMs).unref();
    },
    touch() {
      timer?.refresh();
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
