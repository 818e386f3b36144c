import { randomUUID } from 'node:crypto';
import { previewPath, readCounts } from '../../shared/tenant-data.js';
import type { DeletionSettings, TenantDataService } from './deletion-options.js';
import type { PreviewedService, PreviewRecord } from './ledger/ledger-records.js';
import { logOf, writePreview } from './ledger/tenant-log.js';
import { factsOf, OF_ANOTHER } from './outcome-rules.js';
import { startRunLimit } from './run-limit.js';
import { askService, type ServiceAnswer } from './service-answer.js';
import { createSlots } from './slots.js';

/** What would go, as far as the services say. */
export interface DeletionPreview {
  /** What a run is started with. */
  readonly previewId: string;
  /** Whom it is about. */
  readonly tenantId: string;
  /** ISO 8601. */
  readonly takenAt: string;
  /** In the order in which they were given. */
  readonly services: readonly PreviewedService[];
  /** How many records the services counted, together. */
  readonly total: number;
  /** Whether every service has said how much it has. */
  readonly isComplete: boolean;
}

/** How long a preview is good for a run, in ms: what has grown since then nobody has looked at. */
export const PREVIEW_LIFETIME_MS: number = 60 * 60 * 1000;

/** Asks every service what would go, and writes the answers down. */
export async function takePreview(
  settings: DeletionSettings,
  tenantId: string,
  signal: AbortSignal | undefined,
): Promise<DeletionPreview> {
  const { ledger, concurrency, deadlineMs } = settings;
  const previewId = randomUUID();
  const limit = startRunLimit(signal, deadlineMs);
  // A preview changes nothing: it is broken off at once.
  limit.soft.addEventListener('abort', limit.breakOff);
  if (limit.soft.aborted) limit.breakOff();
  const slots = createSlots(concurrency);
  try {
    const services = await Promise.all(
      [...settings.services.values()].map((service) =>
        slots.use(() => previewService(settings, { service, tenantId, previewId, signal: limit.hard })),
      ),
    );
    const record: PreviewRecord = { type: 'preview', previewId, tenantId, at: new Date().toISOString(), services };
    // Nobody can decide by one that was broken off.
    if (signal?.aborted !== true) await writePreview(ledger, logOf(tenantId), record);
    return previewOf(record);
  } finally {
    limit.release();
  }
}

interface PreviewQuestion {
  readonly service: TenantDataService;
  readonly tenantId: string;
  readonly previewId: string;
  readonly signal: AbortSignal;
}

async function previewService(
  { client }: DeletionSettings,
  { service, tenantId, previewId, signal }: PreviewQuestion,
): Promise<PreviewedService> {
  const answer = await askService(client, {
    method: 'GET',
    url: service.url + previewPath(tenantId),
    tenantId,
    requestId: `${previewId}.${service.name}`,
    signal,
  });
  return { service: service.name, url: service.url, ...judgePreview(answer) };
}

/** Says what an answer to a preview means. */
export function judgePreview(answer: ServiceAnswer): Omit<PreviewedService, 'service' | 'url'> {
  const { status, speaker } = answer;
  const facts = factsOf(answer);
  if (status === 401 || status === 403) return { status: 'refused', ...facts };
  if ((status === 404 || status === 410) && speaker === 'service') return { status: 'nothing', ...facts, total: 0 };
  if (status !== 200) return { status: 'failed', ...facts };
  if (answer.isOfAnother === true) return { status: 'failed', ...facts, detail: OF_ANOTHER };
  const { counts, total } = readCounts(answer.body, ['counts']);
  if (total === undefined) return { status: 'uncounted', ...facts };
  return { status: 'counted', ...facts, ...(counts !== undefined && { counts }), total };
}

/** What a preview says, by what was written of it. */
export function previewOf({ previewId, tenantId, at, services }: PreviewRecord): DeletionPreview {
  return {
    previewId,
    tenantId,
    takenAt: at,
    services,
    total: services.reduce((sum, { total = 0 }) => sum + total, 0),
    isComplete: services.every(({ status }) => status === 'counted' || status === 'nothing'),
  };
}
