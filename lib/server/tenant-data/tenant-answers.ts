import type { Request, Response } from 'express';
import {
  type DeletionBody,
  type DeletionPreviewBody,
  type RecordCounts,
  TENANT_NOT_FOUND,
  totalOf,
} from '../../shared/tenant-data.js';
import { type ProblemFacts, sendProblemBody } from '../challenge.js';
import { sendJson } from '../send-json.js';
import type { DeletionAnswer } from './deletion-answer.js';
import type { DeletionState } from './deletions.js';
import { keySegment } from './idempotency-key.js';

/** The problem codes of the router, beside those of its guard (docs/errors.md). */
export type TenantProblemCode =
  | typeof TENANT_NOT_FOUND
  | 'bad_tenant_id'
  | 'bad_idempotency_key'
  | 'idempotency_key_reused'
  | 'deletion_unknown'
  | 'preview_failed'
  | 'deletion_failed'
  | 'idempotency_store_unavailable';

const DETAILS: Readonly<Record<TenantProblemCode, readonly [status: number, detail: string]>> = {
  [TENANT_NOT_FOUND]: [404, 'There is no such tenant here.'],
  bad_tenant_id: [400, 'The path names no tenant id.'],
  bad_idempotency_key: [400, 'The Idempotency-Key must be one line of 1 to 200 printable ASCII characters.'],
  idempotency_key_reused: [422, 'The Idempotency-Key was used for another tenant.'],
  deletion_unknown: [404, 'There is no such deletion here. Ask for it again, with the same Idempotency-Key.'],
  preview_failed: [500, 'The data of the tenant could not be counted.'],
  deletion_failed: [
    500,
    'The data of the tenant could not be deleted. Ask for it again, with the same Idempotency-Key.',
  ],
  idempotency_store_unavailable: [503, 'Nothing is deleted while nobody could know whether it was deleted before.'],
};

/** A request that was let in, and what is answered to it. */
export interface TenantExchange {
  readonly req: Request;
  readonly res: Response;
  readonly tenantId: string;
  readonly requestId: string;
}

/** Who asks again at once learns nothing new. */
const RETRY_AFTER = { 'Retry-After': '1' };

/** Answers with a problem. */
export function sendTenantProblem(
  { req, res, requestId }: Omit<TenantExchange, 'tenantId'>,
  code: TenantProblemCode,
): void {
  const [status, detail] = DETAILS[code];
  const facts: ProblemFacts = { code, status, detail };
  sendProblemBody(req, res, facts, requestId, status === 503 ? RETRY_AFTER : {});
}

/** Answers with what would be deleted. */
export function sendPreview(exchange: TenantExchange, counts: RecordCounts): void {
  const body: DeletionPreviewBody = { tenant_id: exchange.tenantId, counts, total: totalOf(counts) };
  sendAnswer(exchange, 200, body);
}

/**
 * Answers with how it stands with a deletion.
 *
 * @param key - the deletion's; given where the caller does not know yet where to ask for it
 */
export function sendDeletion(exchange: TenantExchange, state: DeletionState, key?: string): void {
  switch (state.kind) {
    case 'answered':
      sendAnswered(exchange, state.answer);
      break;
    case 'running': {
      const location = key === undefined ? {} : { Location: locationOf(exchange.req.originalUrl, key) };
      sendAnswer(exchange, 202, { tenant_id: exchange.tenantId, status: 'running' }, { ...RETRY_AFTER, ...location });
      break;
    }
    default:
      sendTenantProblem(exchange, PROBLEMS[state.kind]);
  }
}

const PROBLEMS = {
  failed: 'deletion_failed',
  reused: 'idempotency_key_reused',
  unknown: 'deletion_unknown',
  unavailable: 'idempotency_store_unavailable',
} as const;

function sendAnswered(exchange: TenantExchange, answer: DeletionAnswer): void {
  if (!answer.found) {
    sendTenantProblem(exchange, TENANT_NOT_FOUND);
    return;
  }
  const { deleted } = answer;
  const body: DeletionBody = {
    tenant_id: exchange.tenantId,
    ...(deleted !== undefined && { deleted, total: totalOf(deleted) }),
  };
  sendAnswer(exchange, 200, body);
}

function sendAnswer({ req, res }: TenantExchange, status: number, body: object, headers = {}): void {
  sendJson(req, res, { status, type: 'application/json', headers, body });
}

/** Where the caller sees the endpoint, which a gateway passes on as it is. Two slashes at its begin would name another host. */
function locationOf(originalUrl: string, key: string): string {
  const path = originalUrl.replace(/[?#].*$/s, '').replace(/^(?:[a-z][a-z\d+.-]*:\/\/[^/]*)?\/*/i, '/');
  return `${path}/deletions/${keySegment(key)}`;
}
