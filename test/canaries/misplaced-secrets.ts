import {
  contextFromGateway,
  createKeyRing,
  createLogger,
  createRevocationList,
  createServiceClient,
  createServiceToken,
  createTenantDeletion,
  createTokenVerifier,
  assertionKeysFromFile,
  deriveAssertionKey,
  gateway,
  gatewayAuth,
  idempotencyStoreInRedis,
  keyRingFromFile,
  memoryIdempotencyStore,
  memoryLedger,
  mintedToken,
  requireRole,
  requireService,
  requireUser,
  revocationListFromFile,
  revocationListFromRedis,
  tenantDataRouter,
  tokenFromEnv,
  tokenFromFile,
} from '../../lib/index.js';
import { CLIENT_OPTIONS } from '../../lib/client/client-options.js';
import { DELETION_OPTIONS } from '../../lib/client/tenant-deletion/deletion-options.js';
import { TENANT_DATA_OPTIONS } from '../../lib/server/tenant-data/tenant-data-options.js';
import { opaqueToken } from '../client/support.js';
import { recordingLogger } from '../support/recording-logger.js';

type Options = Readonly<Record<string, unknown>>;

interface Factory {
  readonly name: string;
  readonly options: readonly string[];
  readonly make: (options: never) => unknown;
}

const GATEWAY_OPTIONS = [
  'keys',
  'assertionKeys',
  'name',
  'public',
  'forwardAuthorization',
  'revocations',
  'clockToleranceSeconds',
  'cacheSize',
  'logger',
];
const CONTEXT_OPTIONS = ['keys', 'assertionKeys', 'audience', 'trustedNetworks', 'revocations', 'required', 'logger'];
const GUARD_OPTIONS = ['onDenied', 'tenantParam', 'audit', 'logger'];
const MINTED_OPTIONS = ['service', 'keys', 'lifetimeSeconds', 'role', 'scope', 'audience', 'issuer'];
const TOKEN_OPTIONS = ['keys', 'expiresInSeconds', 'role', 'scope', 'audience', 'issuer'];
const VERIFIER_OPTIONS = [
  'keys',
  'issuer',
  'audience',
  'clockToleranceSeconds',
  'maxLifetimeSeconds',
  'requiredClaims',
];

function factories(secret: string): readonly Factory[] {
  const base = { keys: secret, logger: recordingLogger() };
  const routes = { '/api/v1/orders': 'http://orders-service:8000' };
  const service = { name: 'orders-service', url: 'http://orders-service:8000/api/v1/orders' };
  const deletion = { client: createServiceClient(opaqueToken()), ledger: memoryLedger(), logger: base.logger };
  return [
    { name: 'createKeyRing', options: ['current', 'previous', 'algorithm'], make: createKeyRing },
    {
      name: 'createServiceToken',
      options: TOKEN_OPTIONS,
      make: (options: Options) =>
        createServiceToken('orders-service', { ...base, logger: undefined, ...options } as never),
    },
    {
      name: 'createTokenVerifier',
      options: VERIFIER_OPTIONS,
      make: (options: Options) => createTokenVerifier({ keys: secret, ...options }),
    },
    {
      name: 'contextFromGateway',
      options: CONTEXT_OPTIONS,
      make: (options: Options) => contextFromGateway({ ...base, ...options }),
    },
    {
      name: 'gateway',
      options: [...GATEWAY_OPTIONS, 'routes', 'connectTimeoutMs', 'responseTimeoutMs'],
      make: (options: Options) => gateway({ ...base, routes, ...options }),
    },
    {
      name: 'gateway, a target',
      options: ['/api/v1/sales', '/x?y'],
      make: (options: Options) => gateway({ ...base, routes: options as never }),
    },
    {
      name: 'gatewayAuth',
      options: ['service', ...GATEWAY_OPTIONS],
      make: (options: Options) => gatewayAuth({ ...base, ...options }),
    },
    { name: 'requireService', options: ['services', 'scopes', ...GUARD_OPTIONS], make: requireService },
    { name: 'requireUser', options: ['roles', ...GUARD_OPTIONS], make: requireUser },
    { name: 'requireRole', options: ['roles', ...GUARD_OPTIONS], make: requireRole },
    {
      name: 'createServiceClient',
      options: CLIENT_OPTIONS,
      make: (options: Options) => createServiceClient(opaqueToken(), options),
    },
    {
      name: 'mintedToken',
      options: MINTED_OPTIONS,
      make: (options: Options) => mintedToken({ service: 'sales-service', keys: secret, ...options }),
    },
    {
      name: 'createTenantDeletion',
      options: DELETION_OPTIONS,
      make: (options: Options) => createTenantDeletion({ ...deletion, services: [service], ...options }),
    },
    {
      name: 'createTenantDeletion, a service',
      options: ['name', 'url', 'after'],
      make: (options: Options) => createTenantDeletion({ ...deletion, services: [{ ...service, ...options }] }),
    },
    { name: 'createLogger', options: ['level', 'transports'], make: createLogger },
    {
      name: 'keyRingFromFile',
      options: ['signAfterSeconds', 'logger'],
      make: (options: Options) => keyRingFromFile('/dev/null', options),
    },
    {
      name: 'revocationListFromFile',
      options: ['maxStalenessSeconds', 'logger'],
      make: (options: Options) => revocationListFromFile('/dev/null', options),
    },
    {
      name: 'revocationListFromRedis',
      options: ['url', 'clientOptions', 'keyPrefix', 'maxStalenessSeconds', 'logger'],
      make: (options: Options) => revocationListFromRedis({ logger: base.logger, ...options }),
    },
    {
      name: 'tenantDataRouter',
      options: TENANT_DATA_OPTIONS,
      make: (options: Options) =>
        tenantDataRouter({ preview: () => null, erase: () => null, logger: base.logger, ...options }),
    },
    {
      name: 'memoryIdempotencyStore',
      options: ['retentionSeconds', 'maxEntries'],
      make: memoryIdempotencyStore,
    },
    {
      name: 'idempotencyStoreInRedis',
      options: ['url', 'clientOptions', 'keyPrefix', 'retentionSeconds'],
      make: idempotencyStoreInRedis,
    },
    { name: 'createRevocationList', options: ['revocations', 'entries', 'tokens'], make: createRevocationList },
  ];
}

/** Values that hold the secret, each of a shape that a hurried person may write. */
function shapes(text: string): readonly unknown[] {
  const url = `http://user:${text}@orders-service:8000/${text}?key=${text}`;
  return [
    text,
    ` ${text}`,
    `Bearer ${text}`,
    [text],
    [[text]],
    { key: text, algorithm: text, kid: ` ${text}`, service: text },
    { key: text, service: text },
    { current: text, previous: [text] },
    { current: text, algorithm: text },
    { url, service: text },
    `-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----`,
    new RegExp(text.replaceAll('.', '\\.')),
    Buffer.from(text).subarray(0, 24),
    new Error(text),
    url,
  ];
}

/**
 * Gives one text to every option of every factory, and to every argument, in every shape.
 *
 * @param text - a secret or a token
 * @param secret - the good secret that the rest is made with
 * @param asName - also where names are expected that an error repeats: of an option, a variable, a network, a path
 * @returns what was thrown
 */
export function misplace(text: string, secret: string, asName: boolean): readonly unknown[] {
  const thrown: unknown[] = [];
  const attempt = (act: () => unknown): void => {
    try {
      const made = act() as { close?: () => void } | undefined;
      made?.close?.();
    } catch (error) {
      thrown.push(error);
    }
  };
  for (const value of [...shapes(text), ...(asName ? [{ [text]: text }] : [])]) {
    for (const { options, make } of factories(secret)) {
      attempt(() => make(value as never));
      for (const option of options) {
        if (asName || option !== 'trustedNetworks') attempt(() => make({ [option]: value } as never));
      }
    }
    attempt(() => createServiceToken(value as string, { keys: secret }));
    attempt(() => deriveAssertionKey(value as string, { keys: secret }));
    attempt(() => createServiceClient(value as string));
    attempt(() => createServiceClient({ get: value } as never));
    attempt(() => requireService(value as never, 'x'));
    if (asName) attempt(() => tokenFromEnv(value as string).get());
    attempt(() => tokenFromFile(value as string).get());
    attempt(() => keyRingFromFile(value as string));
    attempt(() => assertionKeysFromFile(value as string));
    attempt(() => revocationListFromFile(value as string));
  }
  return thrown;
}
