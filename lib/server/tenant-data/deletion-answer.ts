import { isRecordCounts, type RecordCounts } from '../../shared/tenant-data.js';

/** What came of a deletion. */
export type DeletionAnswer =
  | { readonly found: false }
  /** `deleted` is absent where nobody counted. */
  | { readonly found: true; readonly deleted?: RecordCounts };

/** Writes an answer for a store. */
export function encodeAnswer(answer: DeletionAnswer): string {
  return JSON.stringify(answer);
}

/**
 * Reads an answer of a store.
 *
 * @throws Error where it is none
 */
export function decodeAnswer(text: string): DeletionAnswer {
  const answer = parse(text);
  if (answer.found === false) return { found: false };
  if (answer.found === true) {
    if (answer.deleted === undefined) return { found: true };
    if (isRecordCounts(answer.deleted)) return { found: true, deleted: answer.deleted };
  }
  throw new Error('The store holds an answer that is none.');
}

function parse(text: string): { readonly found?: unknown; readonly deleted?: unknown } {
  try {
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}
