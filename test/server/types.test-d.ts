// Compiled by `tsc`, never run: what the declarations promise, beside those of passport, which has a `req.user` of its own.
import express, { type Request, type RequestHandler } from 'express';
import type {} from 'passport';
import {
  contextFromGateway,
  type ContextFromGatewayOptions,
  identify,
  identityError,
  requireRole,
  requireService,
  requireUser,
} from '../../lib/server/index.js';
import type { AuthError, Caller, ServiceCaller, UserCaller } from '../../lib/shared/index.js';

type Same<A, B> = [A, B] extends [B, A] ? true : false;

/** `req.user` is typed without a cast, and `type` tells which it is. */
export const handler: RequestHandler = (req, res) => {
  const { user } = req;
  true satisfies Same<typeof user, Caller | undefined>;
  if (user === undefined) return;
  true satisfies Same<typeof user.userId, string>;
  true satisfies Same<typeof user.via, 'assertion' | 'bearer' | 'headers'>;
  if (user.type === 'service') {
    true satisfies Same<typeof user, ServiceCaller>;
    true satisfies Same<typeof user.role, string>;
    // @ts-expect-error: a service has no tenant
    res.json(user.tenantId);
  } else {
    true satisfies Same<typeof user, UserCaller>;
    true satisfies Same<typeof user.role, string | undefined>;
    // @ts-expect-error: a person is no service
    res.json(user.service);
  }
  // @ts-expect-error: the caller does not change
  user.userId = 'other';
  // @ts-expect-error: nor do its scopes
  user.scopes.push('tenant:delete');
};

/** passport's own additions are still there. */
export function isLoggedIn(req: Request): boolean {
  return req.isAuthenticated();
}

/** Nobody's `req.user` may be written over with something that is no caller. */
export function overwrite(req: Request): void {
  req.user = undefined;
  // @ts-expect-error: no caller
  req.user = { id: 7 };
}

true satisfies Same<ReturnType<typeof contextFromGateway>, RequestHandler>;

/** Who it is, or why it is nobody. */
export function find(req: Request): AuthError | Caller | undefined {
  const caller = identify(req);
  const error = identityError(req);
  true satisfies Same<typeof caller, Caller | undefined>;
  true satisfies Same<typeof error, AuthError | undefined>;
  return caller ?? error;
}

const options: ContextFromGatewayOptions = { audience: null, keys: undefined, trustedNetworks: ['unix'] as const };
export const middleware: readonly RequestHandler[] = [
  contextFromGateway(),
  contextFromGateway(options),
  requireService(),
  requireService('a', 'b'),
  requireService({ services: ['a'], scopes: ['s'], audit: false, tenantParam: 'org' }),
  requireService({ onDenied: (error, _req, res) => res.status(error.status).end() }),
  requireService({ onDenied: async (error, _req, _res, next) => Promise.resolve().then(() => next(error)) }),
  requireUser(),
  requireUser('owner', 'admin'),
  requireUser({ roles: ['owner'] }),
  requireRole('admin'),
  requireRole({ roles: ['admin'] }),
];

/** A handler after a guard still knows the parameters of its route. */
export const app = express();
app.delete('/tenant/:tenantId', requireService(), (req, res) => {
  true satisfies Same<typeof req.params.tenantId, string>;
  res.json(req.user?.userId);
});

// @ts-expect-error: the list is called `services`
requireService({ service: ['a'] });
// @ts-expect-error: names, not a list of them
requireService(['a']);
// @ts-expect-error: names or options, not both
requireService('a', { scopes: ['s'] });
// @ts-expect-error: at least one role
requireRole();
// @ts-expect-error: roles are not optional here
requireRole({ audit: false });
// @ts-expect-error: the option is called `trustedNetworks`
contextFromGateway({ trustedNetwork: ['unix'] });
// @ts-expect-error: networks are a list
contextFromGateway({ trustedNetworks: 'unix' });
