import { ConfigurationError, RoleNotAllowedError } from '../shared/errors.js';
import { isRole } from '../shared/identity-text.js';
import { createGuard, type Guard, GUARD_OPTIONS, type GuardOptions } from './guard.js';
import { readGuardArguments, readList } from './guard-arguments.js';

/** Options of {@link requireRole}. */
export interface RequireRoleOptions extends GuardOptions {
  /** The roles of which the caller must have one. */
  readonly roles: readonly string[];
}

/**
 * Makes a guard that lets in people and services with one of these roles. Services have the role `admin` unless their
 * token says otherwise. A request from nobody gets 401, one with another role 403.
 *
 * @example People and services who are admin
 * ```ts
 * import express from 'express';
 * import { contextFromGateway, requireRole } from 'service-auth/server';
 *
 * const app = express();
 * app.use(contextFromGateway());
 * app.get('/reports', requireRole('admin'), (_req, res) => res.json({ reports: [] }));
 * ```
 *
 * @param args - the roles that are let in, or {@link RequireRoleOptions}; at least one
 * @throws ConfigurationError where there is no role, one is none or an option unknown
 */
export function requireRole(...args: readonly [string, ...string[]] | readonly [RequireRoleOptions]): Guard {
  const options = readGuardArguments<RequireRoleOptions>(
    { name: 'requireRole', list: 'roles', options: ['roles', ...GUARD_OPTIONS] },
    args,
  );
  const roles = readList('roles', options.roles, isRole);
  if (roles === undefined)
    throw new ConfigurationError('roles', "is missing: requireRole('admin') names at least one.");
  return createGuard(
    {
      name: 'requireRole',
      refuseUnproven: (reason) => new RoleNotAllowedError(reason),
      messages: { granted: 'Role access granted', denied: 'Role access denied' },
      decide: ({ role }) =>
        role !== undefined && roles.has(role) ? undefined : new RoleNotAllowedError('role_not_listed'),
    },
    options,
  );
}
