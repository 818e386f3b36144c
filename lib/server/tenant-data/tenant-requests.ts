import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { ServiceCaller } from '../../shared/caller.js';
import { ServiceRequiredError } from '../../shared/errors.js';
import { logSafely } from '../../shared/log-safely.js';
import type { LogFields } from '../../shared/log.js';
import { describe } from '../../shared/options.js';
import { isRecordCounts, isTenantId, TENANT_NOT_FOUND } from '../../shared/tenant-data.js';
import { sendProblem } from '../challenge.js';
import { readRequestContext, requestStateOf } from '../request-state.js';
import type { DeletionAnswer } from './deletion-answer.js';
import type { Deletion, Deletions } from './deletions.js';
import { keyOfSegment, readIdempotencyKey } from './idempotency-key.js';
import { operationName, operationSubject } from './operation-name.js';
import { sendDeletion, sendPreview, sendTenantProblem, type TenantExchange } from './tenant-answers.js';
import type { TenantDataSettings } from './tenant-data-options.js';
import type { TenantRoute } from './tenant-routes.js';

/** A request that the guard has let in, and what it is answered with. */
export interface GuardedRequest {
  readonly settings: TenantDataSettings;
  readonly deletions: Deletions;
  readonly route: TenantRoute;
  readonly req: Request;
  readonly res: Response;
}

interface TenantRequest extends GuardedRequest, TenantExchange {
  readonly caller: ServiceCaller;
  /** What the log says of it. */
  readonly fields: LogFields;
}

/** Answers a request that the guard has let in. */
export async function answerTenantRequest(guarded: GuardedRequest): Promise<void> {
  const { route, req, res } = guarded;
  const state = requestStateOf(req);
  const { requestId } = state?.context ?? readRequestContext(req);
  const caller = state?.caller;
  if (caller?.type !== 'service') {
    // `onDenied` may let in whom it likes; what is done here is done for a service.
    sendProblem(req, res, new ServiceRequiredError('let_in_by_on_denied'), requestId);
    return;
  }
  const { tenantId } = route.params;
  if (!route.isReadable || !isTenantId(tenantId)) {
    sendTenantProblem({ req, res, requestId }, 'bad_tenant_id');
    return;
  }
  const fields = { tenant_id: tenantId, service: caller.service, request_id: requestId };
  await ACTIONS[route.action]({ ...guarded, tenantId, requestId, caller, fields });
}

const ACTIONS = { preview: answerPreview, erase: answerErase, progress: answerProgress } as const;

async function answerPreview(request: TenantRequest): Promise<void> {
  const { settings, tenantId, caller, requestId, fields } = request;
  let counts: unknown;
  try {
    counts = await settings.preview(tenantId, Object.freeze({ caller, requestId }));
  } catch (error) {
    logSafely(settings.logger, 'error', 'Counting the data of a tenant failed', { ...fields, error });
    sendTenantProblem(request, 'preview_failed');
    return;
  }
  if (counts === null) sendTenantProblem(request, TENANT_NOT_FOUND);
  else if (isRecordCounts(counts)) sendPreview(request, counts);
  else {
    logSafely(settings.logger, 'error', `preview of tenantDataRouter() ${mustReturn(counts)}`, fields);
    sendTenantProblem(request, 'preview_failed');
  }
}

async function answerErase(request: TenantRequest): Promise<void> {
  const { settings, deletions, req } = request;
  const idempotencyKey = readIdempotencyKey(req);
  if (idempotencyKey === null) {
    sendTenantProblem(request, 'bad_idempotency_key');
    return;
  }
  // A deletion that takes long is asked for by its key: one that came without is given one.
  const key = idempotencyKey ?? randomUUID();
  const deletion = deletionOf(request, key, idempotencyKey !== undefined);
  const state = await deletions.run(deletion, () => eraseTenant(request, idempotencyKey), settings.acceptAfterMs);
  sendDeletion(request, state, key);
}

async function answerProgress(request: TenantRequest): Promise<void> {
  const deletion = deletionOf(request, keyOfSegment(String(request.route.params['key'])), true);
  sendDeletion(request, await request.deletions.find(deletion));
}

function deletionOf(
  { settings, req, tenantId, caller, fields }: TenantRequest,
  key: string,
  isKeyed: boolean,
): Deletion {
  // Both: one service may have several of these routers. Express matches mounts whatever their case.
  const place = `${settings.service ?? ''} ${req.baseUrl.toLowerCase()}`;
  return {
    name: operationName({ place, caller: caller.service, key }),
    subject: operationSubject(tenantId),
    isKeyed,
    fields,
  };
}

/** Deletes, and reads what was returned: whatever it is, the data is gone. */
async function eraseTenant(request: TenantRequest, idempotencyKey: string | undefined): Promise<DeletionAnswer> {
  const { settings, tenantId, caller, requestId, fields } = request;
  const deleted: unknown = await settings.erase(tenantId, Object.freeze({ caller, requestId, idempotencyKey }));
  if (deleted === null) return { found: false };
  if (isRecordCounts(deleted)) return { found: true, deleted: { ...deleted } };
  if (deleted !== undefined) {
    logSafely(settings.logger, 'error', `erase of tenantDataRouter() ${mustReturn(deleted)}`, fields);
  }
  return { found: true };
}

function mustReturn(value: unknown): string {
  return `must return whole numbers such as { orders: 12, order_lines: 40 }, or null where there is no such tenant, not ${describe(value)}.`;
}
