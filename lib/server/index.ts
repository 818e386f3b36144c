export { contextFromGateway } from './context-from-gateway.js';
export type { ContextFromGatewayOptions } from './context-options.js';
export { gateway, type GatewayMiddleware } from './gateway/gateway.js';
export { gatewayAuth } from './gateway/gateway-auth.js';
export type { CommonGatewayOptions, GatewayAuthOptions, GatewayOptions } from './gateway/gateway-options.js';
export type { NamedTarget, RouteTarget } from './gateway/routes.js';
export type { Guard, GuardOptions } from './guard.js';
export { identify, identityError } from './identify.js';
export { requireRole, type RequireRoleOptions } from './require-role.js';
export { requireService, type RequireServiceOptions } from './require-service.js';
export { requireUser, type RequireUserOptions } from './require-user.js';
export { revocationListFromFile } from './revocation/revocation-list-from-file.js';
export {
  revocationListFromRedis,
  type RevocationListFromRedisOptions,
} from './revocation/revocation-list-from-redis.js';
export type { RedisOptions } from '../shared/redis/redis-options.js';
export {
  idempotencyStoreInRedis,
  type IdempotencyStoreInRedisOptions,
} from './tenant-data/idempotency-store-in-redis.js';
export type { IdempotencyClaim, IdempotencyRecord, IdempotencyStore } from './tenant-data/idempotency-store.js';
export { memoryIdempotencyStore, type MemoryIdempotencyStoreOptions } from './tenant-data/memory-idempotency-store.js';
export type {
  ErasedRecords,
  TenantDataRouterOptions,
  TenantEraseContext,
  TenantPreviewContext,
} from './tenant-data/tenant-data-options.js';
export { tenantDataRouter, type TenantDataRouter } from './tenant-data/tenant-data-router.js';
export type { WatchedRevocationList, WatchedRevocationOptions } from './revocation/watched-revocations.js';
