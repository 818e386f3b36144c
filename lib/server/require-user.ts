import { RoleNotAllowedError, UserRequiredError } from '../shared/errors.js';
import { isRole } from '../shared/identity-text.js';
import { createGuard, type Guard, GUARD_OPTIONS, type GuardOptions } from './guard.js';
import { readGuardArguments, readList } from './guard-arguments.js';

/** Options of {@link requireUser}. */
export interface RequireUserOptions extends GuardOptions {
  /** The roles of which the person must have one. Default: any. */
  readonly roles?: readonly string[] | undefined;
}

/**
 * Makes a guard that lets in people only. A request from nobody gets 401, from a service or another role 403.
 *
 * @example Owners and admins
 * ```ts
 * import express from 'express';
 * import { contextFromGateway, requireUser } from 'service-auth/server';
 *
 * const app = express();
 * app.use(contextFromGateway());
 * app.get('/me', requireUser('owner', 'admin'), (req, res) => res.json({ id: req.user?.userId }));
 * ```
 *
 * @param args - the roles that are let in, or {@link RequireUserOptions}; nothing: any person
 * @throws ConfigurationError where a role is none, a list is empty or an option unknown
 */
export function requireUser(...args: readonly string[] | readonly [RequireUserOptions]): Guard {
  const options = readGuardArguments<RequireUserOptions>(
    { name: 'requireUser', list: 'roles', options: ['roles', ...GUARD_OPTIONS] },
    args,
  );
  const roles = readList('roles', options.roles, isRole);
  return createGuard(
    {
      name: 'requireUser',
      refuseUnproven: (reason) => new UserRequiredError(reason),
      messages: { granted: 'User-only access granted', denied: 'User-only access denied' },
      decide(caller) {
        if (caller.type !== 'access') return new UserRequiredError('caller_is_a_service');
        if (roles === undefined || (caller.role !== undefined && roles.has(caller.role))) return undefined;
        return new RoleNotAllowedError('role_not_listed');
      },
    },
    options,
  );
}
