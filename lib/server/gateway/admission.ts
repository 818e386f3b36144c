import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AuthError, isAuthError } from '../../shared/errors.js';
import { REQUEST_ID_HEADER } from '../../shared/request-id.js';
import { asError } from '../as-error.js';
import { auditFields } from '../audit.js';
import { sendProblem } from '../challenge.js';
import { readRequestContext } from '../request-state.js';
import type { GatewaySettings } from './gateway-options.js';
import { beginPassage, type Passage, PASSES } from './passes.js';

/**
 * Runs the passes over a request, writes the one log line of the decision, and answers a refusal. Every answer is to carry the request id: one that is
 * not given here is the caller's to see to.
 *
 * @param prefix - the route's, for the log line
 * @returns the passage, or undefined where the request was refused and answered
 * @throws what a key ring or revocation list of the application's own throws
 */
export function admit(
  req: IncomingMessage,
  res: ServerResponse,
  route: { readonly service: string | undefined; readonly prefix: string },
  settings: GatewaySettings,
): Passage | undefined {
  const context = readRequestContext(req);
  const { requestId } = context;
  const passage = beginPassage(req, res, context, route.service);
  let refusal: AuthError | undefined;
  try {
    for (const pass of PASSES) if (!pass(passage, settings)) break;
  } catch (error) {
    if (!isAuthError(error)) throw asError(error);
    refusal = error;
  }
  logDecision(passage, route.prefix, refusal, settings);
  if (refusal === undefined) return passage;
  res.setHeader(REQUEST_ID_HEADER, requestId);
  sendProblem(req, res, refusal, requestId);
  return undefined;
}

function logDecision(
  passage: Passage,
  prefix: string,
  refusal: AuthError | undefined,
  { logger }: GatewaySettings,
): void {
  const [level, withoutToken] =
    refusal === undefined ? (['info', 'Public access'] as const) : (['warn', 'Authentication'] as const);
  if (logger.hears(level)) logger[level](messageFor(passage, withoutToken), decisionFields(passage, prefix, refusal));
}

/** The fields of a gateway's log line: those of an audit line. */
export function decisionFields(
  passage: Passage,
  prefix: string,
  refusal: AuthError | undefined,
): Readonly<Record<string, unknown>> {
  return auditFields({
    caller: passage.token?.caller,
    refusal,
    endpoint: `${passage.req.method as string} ${prefix}/*`,
    tenantId: /\/tenants?\/([^/]+)/.exec(passage.path)?.[1] ?? null,
    requestId: passage.context.requestId,
  });
}

function messageFor({ token }: Passage, withoutToken: string): string {
  if (token === undefined) return withoutToken;
  return token.caller.type === 'service' ? 'Service authentication' : 'User authentication';
}
