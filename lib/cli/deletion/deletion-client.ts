import { resolve } from 'node:path';
import { createServiceClient, type ServiceClient } from '../../client/service-client.js';
import type { TenantDataService } from '../../client/tenant-deletion/deletion-options.js';
import { tokenFromFile } from '../../client/tokens/token-from-file.js';
import type { TokenSource } from '../../client/tokens/token-source.js';
import type { LogFields, Logger } from '../../shared/log.js';
import { readSetting } from '../../shared/settings.js';
import { usageError } from '../cli-error.js';
import type { CliIo } from '../cli-io.js';

/** How the orchestrator sends its requests, as options say it. */
export interface DeletionClientOptions {
  readonly tokenFile?: string | undefined;
  readonly dangerouslyAllowPlainHttp?: true | undefined;
  /** Told what the client has to say of its token. */
  readonly warn: (message: string) => void;
}

/**
 * Makes the client of the command: its token goes to the services that are named, and nowhere else.
 *
 * @throws ConfigurationError or CliError where there is no usable token
 */
export function createDeletionClient(
  io: CliIo,
  targets: readonly TenantDataService[],
  { tokenFile, dangerouslyAllowPlainHttp, warn }: DeletionClientOptions,
): ServiceClient {
  const tell = (message: string, fields: LogFields = {}): void => {
    const known = Object.entries(fields).map(([name, value]) => `${name.replaceAll('_', ' ')} ${String(value)}`);
    warn([message, ...known].join(', '));
  };
  const logger = { debug: nothing, info: nothing, warn: tell, error: tell };
  return createServiceClient(readTokenSource(io, tokenFile, logger), {
    allowedOrigins: [...new Set(targets.map(({ url }) => new URL(url).origin))],
    dangerouslyAllowPlainHttp,
    // Behind a gateway all services have one origin: one that is sick would hold back all others. Attempts have a bound of their own.
    circuitBreaker: false,
    logger,
  });
}

function readTokenSource(io: CliIo, tokenFile: string | undefined, logger: Logger): string | TokenSource {
  const path = tokenFile ?? readSetting('SERVICE_TOKEN_FILE', io.env);
  if (path !== undefined) return tokenFromFile(resolve(io.cwd, path), { logger });
  const token = readSetting('SERVICE_TOKEN', io.env);
  if (token !== undefined) return token.trim();
  throw usageError(
    "There is no token. Name its file by --token-file or SERVICE_TOKEN_FILE, or set SERVICE_TOKEN: 'service-auth generate tenant-deletion-orchestrator > token' makes one.",
  );
}

const nothing = (): void => undefined;
