import { expect } from 'chai';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { identify, identityError } from '../../lib/server/identify.js';
import * as server from '../../lib/server/index.js';
import { requireRole } from '../../lib/server/require-role.js';
import { requireService } from '../../lib/server/require-service.js';
import { requireUser } from '../../lib/server/require-user.js';
import { idempotencyStoreInRedis } from '../../lib/server/tenant-data/idempotency-store-in-redis.js';
import { memoryIdempotencyStore } from '../../lib/server/tenant-data/memory-idempotency-store.js';
import { tenantDataRouter } from '../../lib/server/tenant-data/tenant-data-router.js';

describe('service-auth/server', () => {
  it('names what a service needs to know who calls', () => {
    expect(server).to.include({
      contextFromGateway,
      identify,
      identityError,
      requireRole,
      requireService,
      requireUser,
    });
  });

  it('names what a service needs to delete a tenant’s data', () => {
    expect(server).to.include({ idempotencyStoreInRedis, memoryIdempotencyStore, tenantDataRouter });
  });
});
