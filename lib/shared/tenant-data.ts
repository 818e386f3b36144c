import { ConfigurationError } from './errors.js';
import { describe } from './options.js';
import { redactText } from './redact.js';

/** How many records there are of each kind, such as `{ orders: 12, order_lines: 40 }`. */
export type RecordCounts = Readonly<Record<string, number>>;

/** What a service answers that is asked what would go (`GET …/tenant/<id>/deletion-preview`). */
export interface DeletionPreviewBody {
  readonly tenant_id: string;
  readonly counts: RecordCounts;
  /** The sum of the counts. */
  readonly total: number;
}

/** What a service answers that has deleted a tenant (`DELETE …/tenant/<id>`). */
export interface DeletionBody {
  readonly tenant_id: string;
  /** Absent where the service does not count. */
  readonly deleted?: RecordCounts;
  readonly total?: number;
}

/** The problem code (RFC 9457) by which a service says that it has nothing of a tenant: it is known to be gone. */
export const TENANT_NOT_FOUND = 'tenant_not_found';

/** Repeats of one operation carry the same (draft-ietf-httpapi-idempotency-key-header). */
export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';

/** The media type of problems (RFC 9457 §3). */
export const PROBLEM_JSON = 'application/problem+json';

const MAX_TENANT_ID_LENGTH = 255;

/**
 * Returns a tenant id that can be a segment of a path. What it looks like is the application's own affair; `.` and `..` would name
 * another path, and so would slashes, backslashes and percent signs where a proxy decodes before it resolves (nginx does): they would delete
 * another tenant. A control character or half a character can't be sent.
 *
 * @throws ConfigurationError naming the rule, without the id
 */
export function checkTenantId(setting: string, id: unknown): string {
  if (isTenantId(id)) return id;
  throw new ConfigurationError(
    setting,
    `must be a text of 1 to ${String(MAX_TENANT_ID_LENGTH)} characters without slash, backslash, percent sign and control characters that is neither '.' nor '..', not ${describe(id)}.`,
  );
}

/** Tells whether `id` can be a segment of a path. */
export function isTenantId(id: unknown): id is string {
  return (
    typeof id === 'string' && id !== '' && id.length <= MAX_TENANT_ID_LENGTH && !/^\.\.?$|[/\\%\p{Cc}\p{Cs}]/u.test(id)
  );
}

/** The path of a tenant, below where a service's endpoints begin. */
export function tenantPath(tenantId: string): string {
  return `/tenant/${encodeURIComponent(tenantId)}`;
}

/** The path of what would go, below where a service's endpoints begin. */
export function previewPath(tenantId: string): string {
  return `${tenantPath(tenantId)}/deletion-preview`;
}

/** What a body says of records. */
export interface CountedRecords {
  readonly counts: RecordCounts | undefined;
  readonly total: number | undefined;
}

/**
 * Reads the counts of a body of ours, and of a service in another language as far as it follows the same form: an object of whole
 * numbers or a whole number under one of `names`, and their sum under `total`. Anything else is left out.
 */
export function readCounts(body: unknown, names: readonly ('counts' | 'deleted')[]): CountedRecords {
  if (typeof body !== 'object' || body === null) return { counts: undefined, total: undefined };
  const fields = body as Readonly<Record<string, unknown>>;
  const given = names.map((name) => fields[name]).find((value) => value !== undefined);
  const counts = isRecordCounts(given) ? Object.freeze({ ...given }) : undefined;
  const stated = isCount(fields['total']) ? fields['total'] : undefined;
  if (counts === undefined) return { counts, total: stated ?? (isCount(given) ? given : undefined) };
  const total = totalOf(counts);
  // Of two numbers that disagree none is to be believed: least of all that nothing is there.
  return stated === undefined || stated === total ? { counts, total } : { counts: undefined, total: undefined };
}

/** The sum of counts. */
export function totalOf(counts: RecordCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

// They are kept in ledgers, which must not grow with what services make up.
const MAX_KINDS = 200;
const MAX_KIND_LENGTH = 100;

/** Tells whether `value` is an object of at most 200 whole numbers, none below 0, under names of at most 100 characters. */
export function isRecordCounts(value: unknown): value is RecordCounts {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const counts = Object.entries(value);
  // A name that may be a secret would be kept in ledgers and shown in reports.
  const isName = (kind: string): boolean => kind.length <= MAX_KIND_LENGTH && redactText(kind) === kind;
  return counts.length <= MAX_KINDS && counts.every(([kind, count]) => isName(kind) && isCount(count));
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
