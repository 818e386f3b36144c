import type { IncomingMessage, ServerResponse } from 'node:http';
import { audiencesOf } from '../../shared/claims.js';
import {
  AudienceNotAllowedError,
  BadPathError,
  BadRequestError,
  MethodNotAllowedError,
  MissingCredentialsError,
  UpgradeNotSupportedError,
} from '../../shared/errors.js';
import type { RequestContext } from '../../shared/request-context.js';
import { REQUEST_ID_HEADER } from '../../shared/request-id.js';
import type { VerifiedToken } from '../../shared/token-checker.js';
import { bearerToken, recallBearer } from '../bearer.js';
import {
  GATEWAY_HEADERS,
  GATEWAY_HEADERS_AND_AUTHORIZATION,
  readCredentialHeaders,
  settleIdentityHeaders,
} from '../credential-headers.js';
import type { GatewaySettings } from './gateway-options.js';
import { makeLast } from './last-request.js';
import { requestDefect } from './request-defect.js';
import { pathOf, targetDefect } from './request-target.js';

/** A request on its way through the gateway: what it came with, and what the passes have found out. */
export interface Passage {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** What the request tells of itself for those that it causes; read before anything was stripped. */
  readonly context: RequestContext;
  /** The request target as it came. */
  readonly target: string;
  readonly path: string;
  /** The service behind the path, where it is known. */
  readonly service: string | undefined;
  /** The `Authorization` lines, before anything was stripped. */
  authorization: readonly (string | undefined)[];
  /** The caller's token, once verified; undefined on a public entry. */
  token: VerifiedToken | undefined;
  /** What the service is told: a flat list of headers. */
  injected: readonly string[];
}

/**
 * One step. It changes the passage, refuses it by throwing an `AuthError`, or lets it out of the rest of the list by
 * returning `false`.
 */
export type Pass = (passage: Passage, settings: GatewaySettings) => boolean;

/**
 * What happens to every request for a route, in this order. Nothing reaches a service that did not come by here; a path
 * without a route goes to the rest of the application, as nobody.
 */
export const PASSES: readonly Pass[] = [
  stripIdentity,
  refuseUpgrades,
  refuseTrace,
  refuseAmbiguousRequests,
  refuseAmbiguousPaths,
  tellRequestId,
  admitPublicEntries,
  verifyBearer,
  checkAudience,
  vouch,
];

/**
 * Removes every claim to an identity that the client made: on every route, whatever becomes of the request. Its request id
 * goes too; it is known by now, and told anew in one line.
 */
function stripIdentity(passage: Passage, { forwardAuthorization }: GatewaySettings): boolean {
  const { req } = passage;
  passage.authorization = readCredentialHeaders(req).authorization;
  settleIdentityHeaders(req, undefined, forwardAuthorization ? GATEWAY_HEADERS : GATEWAY_HEADERS_AND_AUTHORIZATION);
  return true;
}

/** Upgrades would leave the gateway without a say. Offers of HTTP/2 may be ignored, and some clients make them always. */
function refuseUpgrades({ req, res }: Passage): boolean {
  const protocol = req.headers.upgrade;
  if (protocol === undefined || /^\s*h2c\s*$/i.test(protocol)) return true;
  // RFC 9110 §15.5.22: a 426 names what would do. Without `close` Node would keep the connection of a client that asked for it.
  res.setHeader('Upgrade', 'HTTP/1.1');
  res.setHeader('Connection', 'upgrade, close');
  throw new UpgradeNotSupportedError();
}

/** TRACE sends back what arrived: the injected assertion, that is. */
function refuseTrace({ req, res }: Passage): boolean {
  if (req.method !== 'TRACE') return true;
  res.setHeader('Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
  throw new MethodNotAllowedError();
}

function refuseAmbiguousRequests({ req, res }: Passage): boolean {
  const defect = requestDefect(req);
  if (defect === undefined) return true;
  makeLast(req, res);
  throw new BadRequestError(defect);
}

function refuseAmbiguousPaths({ req, target, res }: Passage): boolean {
  const defect = targetDefect(target);
  if (defect === undefined) return true;
  makeLast(req, res);
  throw new BadPathError(defect);
}

function tellRequestId(passage: Passage): boolean {
  passage.injected = [REQUEST_ID_HEADER, passage.context.requestId];
  return true;
}

/** Public entries pass as nobody, also with a token: it has not been looked at here, so no service gets it either. */
function admitPublicEntries({ req, path }: Passage, { isPublic }: GatewaySettings): boolean {
  if (!isPublic(req.method as string, path)) return true;
  settleIdentityHeaders(req, undefined, ['authorization']);
  return false;
}

function verifyBearer(passage: Passage, { tokens }: GatewaySettings): boolean {
  const { authorization } = passage;
  passage.token = recallBearer(authorization, tokens) ?? tokens.check(presentBearer(authorization));
  return true;
}

function presentBearer(authorization: Passage['authorization']): string {
  const token = bearerToken(authorization);
  if (token === undefined) throw new MissingCredentialsError();
  return token;
}

/** A token that names an audience is good here only where that is the gateway or the service behind the path. */
function checkAudience({ token, service }: Passage, { name }: GatewaySettings): boolean {
  const audiences = audiencesOf((token as VerifiedToken).claims);
  if (audiences.length === 0 || audiences.includes(name)) return true;
  if (service !== undefined && audiences.includes(service)) return true;
  throw new AudienceNotAllowedError();
}

function vouch(passage: Passage, { voucher }: GatewaySettings): boolean {
  passage.injected = [...passage.injected, ...voucher.headersFor(passage.token as VerifiedToken, passage.service)];
  return true;
}

/** Begins a passage. */
export function beginPassage(
  req: IncomingMessage & { readonly originalUrl?: string },
  res: ServerResponse,
  context: RequestContext,
  service: string | undefined,
): Passage {
  // Express shortens req.url under a mount path; the path is passed on, and judged, as it came.
  const target = targetOf(req);
  return {
    req,
    res,
    context,
    target,
    path: pathOf(target),
    service,
    authorization: [],
    token: undefined,
    injected: [],
  };
}

/** The request target as it came, whatever Express made of it. */
export function targetOf(req: IncomingMessage & { readonly originalUrl?: string }): string {
  return req.originalUrl ?? (req.url as string);
}
