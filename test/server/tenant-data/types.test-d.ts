// Compiled by `tsc`, never run: what the declarations promise.
import express from 'express';
import {
  type IdempotencyStore,
  memoryIdempotencyStore,
  tenantDataRouter,
  type TenantDataRouterOptions,
} from '../../../lib/server/index.js';
import type { RecordCounts, ServiceCaller } from '../../../lib/shared/index.js';

declare const counted: Promise<RecordCounts | null>;
declare const nothing: Promise<void>;

/** `preview` and `erase` know what they are given without a word of types. */
export const router = tenantDataRouter({
  preview: (tenantId, { caller, requestId }) => {
    [tenantId, caller, requestId] satisfies [string, ServiceCaller, string];
    return { orders: 1 };
  },
  erase: async (_tenantId, { idempotencyKey }) => {
    [idempotencyKey] satisfies [string | undefined];
    // @ts-expect-error: there may be none
    [idempotencyKey] satisfies [string];
    await nothing;
  },
});
express().use('/api/v1/orders', router).use(router);
void router.close();

const preview = (): null => null;
export const erasures: readonly TenantDataRouterOptions[] = [
  { preview, erase: () => counted },
  { preview, erase: () => nothing },
  { preview, erase: () => undefined },
  { preview, erase: () => null },
  { preview: () => counted, erase: () => ({ orders: 1, lines: 2 }), service: undefined },
  // @ts-expect-error: not a number alone
  { preview, erase: () => 5 },
  // @ts-expect-error: not a text
  { preview, erase: () => ({ orders: '1' }) },
  // @ts-expect-error: a preview counts
  { preview: () => undefined, erase: () => null },
  // @ts-expect-error: both are needed
  { preview },
  // @ts-expect-error: the parameter is the router's own
  { preview, erase: () => null, tenantParam: 'org' },
];

// @ts-expect-error: options are needed
export const none = (): unknown => tenantDataRouter();

/** A store of somebody's own, around another one. */
export const own: IdempotencyStore = { ...memoryIdempotencyStore(), find: () => Promise.resolve(undefined) };
