import { createHash } from 'node:crypto';

/** One look at a source. */
export interface Reading {
  readonly text: string;
  /** Whether it was certainly not caught between two writes. What may have been is believed once two looks in a row agree. */
  readonly isWhole: boolean;
}

/** How a source is watched. */
export interface WatchOptions<Value> {
  /**
   * Reads the source. May return undefined where certainly nothing has changed, but not where `mustRead`: the last look had trouble.
   * What it throws must hold no secret.
   */
  readonly read: (mustRead: boolean) => Reading | undefined;
  /** Makes the value; throws where it cannot. */
  readonly parse: (text: string) => Value;
  /** What is another text after each change, as far as that can be told without reading; undefined: it cannot be told. */
  readonly stamp?: (() => string | undefined) | undefined;
  /** Told of each new value but the first. */
  readonly onChange: (value: Value) => void;
  /** Told of trouble that two looks in a row had, and again once a minute while it lasts; the last good value stays in force. */
  readonly onTrouble: (error: Error) => void;
  /** Told when trouble that was told is over. */
  readonly onRecovery: () => void;
}

/** A value that follows its source. */
export interface Watched<Value> {
  /** The last good one. */
  readonly value: () => Value;
  /**
   * Looks now.
   *
   * @returns whether the value is another one
   */
  readonly look: () => boolean;
  /**
   * The same for whoever may ask often: strangers make up key ids. Where nothing shows a change, ten times a second at most.
   *
   * @returns whether the value is another one
   */
  readonly refresh: () => boolean;
  /** How long ago the source was last read without trouble, in ms. */
  readonly ageMs: () => number;
  /** Ends the watching; the last good value stays. */
  readonly close: () => void;
}

/** How often a source is read, in ms. */
const INTERVAL_MS = 1000;
const REFRESH_EVERY_MS = 100;
/** How far two looks must be apart that shall agree on what may be half-written, in ms. */
const APART_MS = 500;
const TELL_AGAIN_MS = 60_000;

/**
 * Watches what a value is made of, by reading it again and again: watches of the file system miss the symlink swap by which
 * Kubernetes updates a mount (kubernetes/kubernetes#111947), and network file systems have none.
 *
 * @throws what `read` or `parse` throw at first; later the last good value stays in force
 */
export function watchSource<Value>(options: WatchOptions<Value>): Watched<Value> {
  const { read, parse, stamp, onChange, onTrouble, onRecovery } = options;
  const first = read(true) as Reading;
  let value = parse(first.text);
  let digest = digestOf(first.text);
  // What was read once and may be half of what is just being written, and when.
  let pending: { readonly digest: string; readonly at: number } | undefined;
  // By a clock that is never set.
  let readAt = performance.now();
  let failures = 0;
  let told: { readonly message: string; readonly at: number } | undefined;
  let isClosed = false;
  let broken: { readonly digest: string; readonly error: Error } | undefined;

  const take = (): 'same' | 'unsure' | 'changed' => {
    const reading = readOrForget();
    if (reading === undefined) return 'same';
    const seen = digestOf(reading.text);
    if (seen !== digest && !reading.isWhole && !isConfirmed(seen)) return 'unsure';
    if (seen !== digest) value = parseOnce(seen, reading.text);
    pending = undefined;
    if (seen === digest) return 'same';
    digest = seen;
    return 'changed';
  };

  /** A text that is broken stays so: what is long is not parsed again each second. */
  const parseOnce = (seen: string, text: string): Value => {
    if (broken?.digest === seen) throw broken.error;
    try {
      return parse(text);
    } catch (error) {
      broken = { digest: seen, error: error as Error };
      throw error;
    }
  };

  /** Where it cannot be read, the two looks around that are not two in a row. */
  const readOrForget = (): Reading | undefined => {
    try {
      return read(failures > 0);
    } catch (error) {
      pending = undefined;
      throw error;
    }
  };

  /** Two looks have to be some time apart: whoever writes a directory needs a moment between two of its files. */
  const isConfirmed = (seen: string): boolean => {
    const now = performance.now();
    if (pending?.digest !== seen) pending = { digest: seen, at: now };
    return now - pending.at >= APART_MS;
  };

  const fail = (error: Error): void => {
    failures++;
    const now = performance.now();
    // Once may be a file that is just being written.
    if (failures < 2 || (told?.message === error.message && now - told.at < TELL_AGAIN_MS)) return;
    told = { message: error.message, at: now };
    onTrouble(error);
  };

  const look = (): boolean => {
    if (isClosed) return false;
    let result: ReturnType<typeof take>;
    try {
      result = take();
    } catch (error) {
      fail(error as Error);
      return false;
    }
    // Whether that is any good, the next look tells.
    if (result === 'unsure') return false;
    readAt = performance.now();
    failures = 0;
    if (told !== undefined) {
      told = undefined;
      onRecovery();
    }
    if (result === 'changed') onChange(value);
    return result === 'changed';
  };

  let refreshedAt = Number.NEGATIVE_INFINITY;
  let refreshedFrom: string | undefined;
  const refresh = (): boolean => {
    const now = performance.now();
    const seen = stamp?.();
    if (seen === refreshedFrom && now - refreshedAt < REFRESH_EVERY_MS) return false;
    refreshedFrom = seen;
    refreshedAt = now;
    return look();
  };

  const timer = setInterval(look, INTERVAL_MS);
  timer.unref();
  return {
    value: () => value,
    look,
    refresh,
    ageMs: () => performance.now() - readAt,
    close: () => {
      isClosed = true;
      clearInterval(timer);
    },
  };
}

/** The text itself would be one more copy of a secret in memory. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
