import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Caller } from '../shared/caller.js';
import { type AuthError, ConfigurationError, MissingCredentialsError } from '../shared/errors.js';
import { type Logger, readLogger } from '../shared/log.js';
import { describe, readFlag } from '../shared/options.js';
import { runInRequest } from '../shared/request-context.js';
import { type AuditMessages, endpointOf, tenantIdOf, writeAuditLine } from './audit.js';
import { sendProblem } from './challenge.js';
import { readRequestContext, requestStateOf } from './request-state.js';

/** What every guard can be told. */
export interface GuardOptions {
  /**
   * Answers a refusal in the application's own way. Default: `application/problem+json`. Called after the audit line. Where it
   * throws or its promise is rejected, Express's error handler has the request; `next()` without an error lets it in.
   */
  readonly onDenied?: ((error: AuthError, req: Request, res: Response, next: NextFunction) => unknown) | undefined;
  /** The route parameter that names the tenant, for the audit line. Default: `tenantId`, else `tenant_id`. */
  readonly tenantParam?: string | undefined;
  /** Whether each decision leaves an audit line. Default: true. */
  readonly audit?: boolean | undefined;
  /** Default: winston, JSON on stdout. */
  readonly logger?: Logger | undefined;
}

/**
 * The middleware that a guard is. Generic in the route's parameters, so that a handler after it still knows them
 * (`req.params.tenantId` is a string).
 */
export type Guard = <P>(req: Request<P>, res: Response, next: NextFunction) => void;

/** The names of {@link GuardOptions}, for the guards that have more. */
export const GUARD_OPTIONS: readonly (keyof GuardOptions)[] = ['onDenied', 'tenantParam', 'audit', 'logger'];

/** What makes one guard differ from another. */
export interface GuardRule {
  /** The factory's name. */
  readonly name: string;
  readonly messages: AuditMessages;
  /** Decides about a proven caller: why not, or undefined. */
  readonly decide: (caller: Caller) => AuthError | undefined;
  /** The 403 for whoever stands in `req.user` without having been proven. */
  readonly refuseUnproven: (reason: string) => AuthError;
}

/**
 * Makes a guard: the part that `requireService`, `requireUser` and `requireRole` share. It believes `req.user` only where it
 * is the very object that `contextFromGateway()` put there, whatever other middleware wrote.
 *
 * @param rule - what the guard decides
 * @param options - already checked for unknown names
 */
export function createGuard(rule: GuardRule, options: GuardOptions): Guard {
  const { onDenied, tenantParam } = options;
  const audit = readFlag('audit', options.audit, true);
  if (onDenied !== undefined && typeof onDenied !== 'function') {
    throw new ConfigurationError('onDenied', `must be a function, not ${describe(onDenied)}.`);
  }
  if (tenantParam !== undefined && (typeof tenantParam !== 'string' || tenantParam === '')) {
    throw new ConfigurationError('tenantParam', `must name a route parameter, not ${describe(tenantParam)}.`);
  }
  const tenantParams = tenantParam === undefined ? ['tenantId', 'tenant_id'] : [tenantParam];
  const logger = readLogger(options.logger);

  const guard: RequestHandler = (req, res, next) => {
    const state = requestStateOf(req);
    if (state === undefined) {
      logger.error(
        `${rule.name}() ran before contextFromGateway(). Mount app.use(contextFromGateway()) above the routes.`,
      );
    }
    const context = state?.context ?? readRequestContext(req);
    const { requestId } = context;
    const caller = state?.caller;
    const refusal = refusalOf(req, caller, state?.error, rule);
    if (audit) {
      const tenantId = tenantIdOf(req.params, tenantParams);
      writeAuditLine(logger, rule.messages, { caller, refusal, endpoint: endpointOf(req), tenantId, requestId });
    }
    // Entered again here: body parsers that read by raw events lose it on the way.
    if (refusal === undefined) runInRequest(context, next);
    else if (onDenied === undefined) sendProblem(req, res, refusal, requestId);
    else {
      // Express 4 hears of no rejection, and lets in where an error is falsy; a rejection that nobody hears of ends the process.
      new Promise((resolve) => {
        resolve(onDenied(refusal, req, res, next));
      }).catch((error: unknown) => {
        next(error instanceof Error ? error : refusal);
      });
    }
  };
  return guard as Guard;
}

function refusalOf(
  req: Request,
  caller: Caller | undefined,
  error: AuthError | undefined,
  rule: GuardRule,
): AuthError | undefined {
  const user = readUser(req);
  if (caller !== undefined && user === caller) return rule.decide(caller);
  // Something else stands in req.user: whoever put it there, it is nobody that was proven.
  if (user !== undefined && user !== null) return rule.refuseUnproven('unproven_user');
  return error ?? new MissingCredentialsError(caller === undefined ? 'no_context' : 'user_removed');
}

/** Reads `req.user` once, as it may be a getter that throws or tells another story each time. */
function readUser(req: Request): unknown {
  try {
    return req.user;
  } catch {
    return Symbol('unreadable');
  }
}
