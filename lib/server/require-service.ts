import type { Caller } from '../shared/caller.js';
import { type AuthError, ScopeMissingError, ServiceNotAllowedError, ServiceRequiredError } from '../shared/errors.js';
import { isServiceName } from '../shared/services.js';
import { createGuard, type Guard, GUARD_OPTIONS, type GuardOptions } from './guard.js';
import { isSingleScope, readGuardArguments, readList } from './guard-arguments.js';

/** Options of {@link requireService}. */
export interface RequireServiceOptions extends GuardOptions {
  /** The services that are let in. Default: any internal service. */
  readonly services?: readonly string[] | undefined;
  /** The scopes that the caller must have, all of them. Default: none. */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * Makes a guard that lets in internal services only, and leaves an audit line for every grant and refusal. Needs
 * `contextFromGateway()` before it. A request from nobody gets 401, from a person or another service 403.
 *
 * @example Any internal service; one; one with a scope
 * ```ts
 * import express from 'express';
 * import { contextFromGateway, requireService } from 'service-auth/server';
 *
 * const app = express();
 * app.use(contextFromGateway());
 * app.delete('/tenant/:tenantId', requireService(), (_req, res) => res.json({ deleted: 1 }));
 * app.get('/stock', requireService('orders-service'), (_req, res) => res.json({ stock: 3 }));
 * app.post('/erase', requireService({ scopes: ['tenant:delete'] }), (_req, res) => res.json({ erased: 1 }));
 * ```
 *
 * @param args - the services that are let in, or {@link RequireServiceOptions}; nothing: any internal service
 * @throws ConfigurationError where a name is no service name, a list is empty or an option unknown
 */
export function requireService(...args: readonly string[] | readonly [RequireServiceOptions]): Guard {
  const options = readGuardArguments<RequireServiceOptions>(
    { name: 'requireService', list: 'services', options: ['services', 'scopes', ...GUARD_OPTIONS] },
    args,
  );
  const services = readList('services', options.services, isServiceName);
  const scopes = [...(readList('scopes', options.scopes, isSingleScope) ?? [])];
  return createGuard(
    {
      name: 'requireService',
      refuseUnproven: (reason) => new ServiceRequiredError(reason),
      messages: { granted: 'Service-only access granted', denied: 'Service-only access denied' },
      decide: (caller) => serviceRefusal(caller, services, scopes),
    },
    options,
  );
}

/**
 * Why `requireService()` does not let a proven caller in; undefined: it does.
 *
 * @param caller - who calls
 * @param services - the services that are let in; undefined: any
 * @param scopes - what the caller's token must have
 */
export function serviceRefusal(
  caller: Caller,
  services?: ReadonlySet<string>,
  scopes: readonly string[] = [],
): AuthError | undefined {
  if (caller.type !== 'service') return new ServiceRequiredError('caller_is_a_user');
  if (services?.has(caller.service) === false) return new ServiceNotAllowedError('service_not_listed');
  if (scopes.length === 0) return undefined;
  return scopes.every((scope) => caller.scopes.includes(scope)) ? undefined : new ScopeMissingError();
}
