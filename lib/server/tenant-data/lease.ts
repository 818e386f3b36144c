/** A lease that is renewed until it is ended. */
export interface Lease {
  /** Stops renewing, and waits for the renewal that is under way: it must not come after what follows. */
  end(): Promise<void>;
}

/** How a lease is kept. */
export interface LeaseKeeping {
  readonly everyMs: number;
  /** Renews it; false: it is somebody else's now. */
  readonly renew: () => Promise<boolean>;
  /** Told once that it is lost. It is not renewed any more. */
  readonly onLost: () => void;
  /** Told that a renewal failed, the first time in a row. */
  readonly onTrouble: (error: unknown) => void;
}

/** Renews a lease again and again, one renewal at a time. Keeps no process alive. */
export function keepLease({ everyMs, renew, onLost, onTrouble }: LeaseKeeping): Lease {
  let renewal: Promise<void> | undefined;
  let isTroubled = false;

  const renewOnce = async (): Promise<void> => {
    try {
      const isOurs = await renew();
      isTroubled = false;
      if (!isOurs) {
        clearInterval(timer);
        onLost();
      }
    } catch (error) {
      if (!isTroubled) onTrouble(error);
      isTroubled = true;
    }
  };

  const timer = setInterval(() => {
    renewal ??= renewOnce().finally(() => {
      renewal = undefined;
    });
  }, everyMs);
  timer.unref();

  return {
    async end() {
      clearInterval(timer);
      await renewal;
    },
  };
}
