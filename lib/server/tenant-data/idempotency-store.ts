/** Who runs an operation, and for what. */
export interface IdempotencyClaim {
  /** Another one each time: only who holds the lease may renew, finish or release. */
  readonly owner: string;
  /** What the operation is about. The same name with another subject is a mistake of the caller. */
  readonly subject: string;
}

/** What a store holds of an operation. */
export type IdempotencyRecord =
  | {
      /** Somebody is at it, whose lease has not run out. */
      readonly state: 'running';
      /** The subject of its claim. */
      readonly subject: string;
    }
  | {
      /** It was done. */
      readonly state: 'done';
      /** The subject of its claim. */
      readonly subject: string;
      /** What `finish` was given. */
      readonly answer: string;
    };

/**
 * Remembers which operations run and which were done, so that none is done twice: the seam for a store of your own. Every method is
 * atomic and rejects where the store cannot be reached. Names, owners and subjects are ASCII of at most 64 characters; answers are
 * JSON of some kB.
 *
 * @example What a table of PostgreSQL needs
 * ```
 * CREATE TABLE operations (name text PRIMARY KEY, owner text, subject text, answer text, ends_at timestamptz);
 * -- begin: take it where there is none, or what there was has ended; no row: SELECT what is there
 * INSERT INTO operations VALUES ($1, $2, $3, NULL, now() + $4 * interval '1 ms')
 *   ON CONFLICT (name) DO UPDATE SET owner = $2, subject = $3, answer = NULL, ends_at = now() + $4 * interval '1 ms'
 *   WHERE operations.ends_at < now() RETURNING name;
 * ```
 */
export interface IdempotencyStore {
  /**
   * Takes a name that nobody holds, for `leaseMs` milliseconds: whose process dies need not give it back.
   *
   * @returns undefined where it was taken; else what holds it, of which nothing is changed
   */
  begin(name: string, claim: IdempotencyClaim, leaseMs: number): Promise<IdempotencyRecord | undefined>;
  /**
   * Holds a name for `leaseMs` milliseconds from now, where the claim's owner holds it, or nobody does.
   *
   * @returns false where somebody else holds it, or it is done
   */
  renew(name: string, claim: IdempotencyClaim, leaseMs: number): Promise<boolean>;
  /**
   * Remembers the answer as long as the store remembers, where the claim's owner holds the name, or nobody does.
   *
   * @returns false where somebody else holds it, or it is done
   */
  finish(name: string, claim: IdempotencyClaim, answer: string): Promise<boolean>;
  /** Forgets a name that the claim's owner holds: it failed, and may be begun again. */
  release(name: string, claim: IdempotencyClaim): Promise<void>;
  /** What is known of a name; undefined: nothing, or no longer. */
  find(name: string): Promise<IdempotencyRecord | undefined>;
  /** Ends its connections. */
  close(): Promise<void>;
}
