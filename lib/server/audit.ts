import type { Request } from 'express';
import type { Caller } from '../shared/caller.js';
import type { AuthError, TokenRevokedError } from '../shared/errors.js';
import { MAX_IDENTITY_BYTES } from '../shared/identity-text.js';
import type { SettledLogger } from '../shared/log.js';

/** The first words of a guard's audit lines. */
export interface AuditMessages {
  readonly granted: string;
  readonly denied: string;
}

/** What an audit line is about. */
export interface Decision {
  readonly caller: Caller | undefined;
  /** Why not; undefined: let in. */
  readonly refusal: AuthError | undefined;
  readonly endpoint: string;
  readonly tenantId: string | null;
  readonly requestId: string;
}

/**
 * The fields of an audit line: who was let in or refused, where, for which tenant. `tenant_id` is what was asked for, not what was
 * proved. Of a token that is revoked it names the id and the service that it was issued to: somebody may still be trying it. Never a
 * token, never a secret; `reason`, the exact cause of a refusal, stands here and nowhere else.
 */
export function auditFields(decision: Decision): Readonly<Record<string, unknown>> {
  const { caller, refusal } = decision;
  // Also of another copy of this package.
  const revoked = refusal?.code === 'token_revoked' ? (refusal as TokenRevokedError).revoked : undefined;
  const fields: Record<string, unknown> = {
    timestamp: new Date().toISOString(),
    service: (caller?.type === 'service' ? caller.service : revoked?.service) ?? null,
  };
  if (caller?.type === 'access') fields['user_id'] = caller.userId;
  fields['endpoint'] = decision.endpoint;
  // What a stranger writes into a path must not fill the log.
  fields['tenant_id'] = decision.tenantId?.slice(0, MAX_IDENTITY_BYTES) ?? null;
  fields['request_id'] = decision.requestId;
  fields['decision'] = refusal === undefined ? 'granted' : 'denied';
  fields['code'] = refusal?.code ?? null;
  if (refusal?.reason !== undefined) fields['reason'] = refusal.reason;
  fields['token_id'] = caller?.tokenId ?? revoked?.tokenId ?? null;
  fields['key_id'] = caller?.keyId ?? null;
  fields['via'] = caller?.via ?? null;
  return fields;
}

/** Writes the audit line: at `info` for a grant, at `warn` for a refusal. Makes none where the logger hears nothing of that level. */
export function writeAuditLine(logger: SettledLogger, messages: AuditMessages, decision: Decision): void {
  const [level, message] =
    decision.refusal === undefined ? (['info', messages.granted] as const) : (['warn', messages.denied] as const);
  if (logger.hears(level)) logger[level](message, auditFields(decision));
}

/**
 * Method and route pattern (`DELETE /tenant/:tenantId`). Under `app.use` there is no route: then the mount path with `*`.
 */
export function endpointOf(req: Pick<Request, 'method' | 'baseUrl' | 'route'>): string {
  const route = req.route as { readonly path: string | RegExp | readonly (string | RegExp)[] } | undefined;
  if (route === undefined) return `${req.method} ${req.baseUrl}/*`;
  const { path } = route;
  return `${req.method} ${req.baseUrl}${typeof path === 'string' ? path : [path].flat().join('|')}`;
}

/** The tenant that the path names, under the given parameter or under the usual ones. */
export function tenantIdOf(params: Readonly<Record<string, unknown>>, names: readonly string[]): string | null {
  for (const name of names) {
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    if (typeof value === 'string') return value;
  }
  return null;
}
