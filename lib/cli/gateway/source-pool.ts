/** What follows a source, and must be closed. */
interface Closable {
  readonly close: () => unknown;
}

/** A source in use. */
export interface Lease<Source> {
  readonly source: Source;
  /** Closes it where nobody else uses it. Once. */
  readonly release: () => void;
}

/** Sources that outlive the configuration which first named them: the next one that names the same gets the same. */
export interface SourcePool {
  /**
   * @param key - says what is followed, and how; not shown to anybody
   * @param open - begins to follow it where nobody does
   */
  readonly lease: <Source extends Closable>(key: string, open: () => Source) => Lease<Source>;
}

/**
 * Makes an empty pool. With it a reload opens no connection to Redis anew, and what is known of revocations stays known.
 */
export function createSourcePool(): SourcePool {
  const held = new Map<string, { readonly source: Closable; users: number }>();
  return {
    lease<Source extends Closable>(key: string, open: () => Source): Lease<Source> {
      const entry = held.get(key) ?? { source: open(), users: 0 };
      held.set(key, entry);
      entry.users++;
      return {
        source: entry.source as Source,
        release() {
          entry.users--;
          if (entry.users > 0) return;
          held.delete(key);
          void entry.source.close();
        },
      };
    },
  };
}
