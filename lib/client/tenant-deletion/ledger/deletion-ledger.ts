/** A line of a ledger. */
export interface LedgerLine {
  /** As it was added. */
  readonly text: string;
  /** Where the ledger ended when the line was added, in the ledger's own measure. */
  readonly position: number;
}

/** What a ledger holds of one tenant, from a position on. */
export interface LedgerPart {
  /** In the order in which they were added. */
  readonly lines: readonly LedgerLine[];
  /** Where it ends. */
  readonly end: number;
  /** Where to read on: before `end` where the last line is not finished, as its writer is not, or died. */
  readonly next: number;
}

/**
 * Where runs are written down: one log for each tenant, to which lines are added and from which none is ever taken. Several processes may
 * add to one log at once; that only one of them deletes is settled by what is in the log, and not here.
 *
 * There are {@link fileLedger} and {@link redisLedger}; another one has to keep what each of these methods says.
 */
export interface DeletionLedger {
  /** What it is, for people: `.service-auth/deletions`, `Redis`. */
  readonly name: string;
  /**
   * Adds a line, whole or not at all: resolves when a crash of this machine would not lose it. Lines of several processes stand in one
   * order, the same for all who read.
   *
   * @param log - of lower-case letters and digits
   * @param line - JSON, without line breaks
   */
  append(log: string, line: string): Promise<void>;
  /**
   * Reads what was added from a position on. After `append` has resolved, what it added and all that stands before it is there.
   *
   * @param log - as in `append`; one that nobody has added to is empty
   * @param position - 0, or a `next` that was read before
   */
  read(log: string, position: number): Promise<LedgerPart>;
  /** Ends its connections. */
  close(): Promise<void>;
}
