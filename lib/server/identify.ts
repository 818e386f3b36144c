import type { IncomingMessage } from 'node:http';
import { type Caller, isSameCaller } from '../shared/caller.js';
import {
  type AuthError,
  ConflictingIdentityError,
  InvalidTokenError,
  isAuthError,
  MalformedIdentityError,
  MissingCredentialsError,
  UnprovenIdentityError,
} from '../shared/errors.js';
import {
  IDENTITY_HEADERS,
  type IdentityHeader,
  type IdentityHeaderValues,
  noHeaders,
  readIdentity,
  sayTheSame,
  writeIdentity,
} from '../shared/identity-headers.js';
import { remember } from '../shared/remember.js';
import { checkAudience, type VerifiedToken } from '../shared/token-checker.js';
import { asError } from './as-error.js';
import { bearerToken, recallBearer } from './bearer.js';
import { type ContextFromGatewayOptions, resolveContext, type Trust } from './context-options.js';
import { type CredentialHeaders, readCredentialHeaders, settleIdentityHeaders } from './credential-headers.js';
import { readRequestContext, requestStateOf, type RequestState, setRequestState } from './request-state.js';

/**
 * Finds out who calls, as `contextFromGateway()` does, for a request outside of Express's chain: an upgrade, say. Sets
 * `req.user`, or records why there is nobody ({@link identityError}); makes the identity headers agree.
 *
 * @example Let in a service's WebSocket
 * ```ts
 * import { createServer } from 'node:http';
 * import { identify } from 'service-auth/server';
 *
 * const server = createServer();
 * server.on('upgrade', (req, socket) => {
 *   const caller = identify(req);
 *   if (caller?.type !== 'service') socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
 * });
 * ```
 *
 * @param req - the request
 * @param options - as for `contextFromGateway()`; settled once per options object, so keep it in a constant
 * @returns the caller, or undefined: nobody
 * @throws ConfigurationError on the first call with options that are wrong
 */
export function identify(req: IncomingMessage, options: ContextFromGatewayOptions = NO_OPTIONS): Caller | undefined {
  let trust = settled.get(options);
  if (trust === undefined) {
    trust = resolveContext('identify', options).trust;
    settled.set(options, trust);
  }
  return identifyWith(trust, req).caller;
}

const NO_OPTIONS: ContextFromGatewayOptions = Object.freeze({});
const settled = new WeakMap<ContextFromGatewayOptions, Trust>();

/** Why a request is nobody's: undefined where it has a caller, or where nobody has looked for one. */
export function identityError(req: IncomingMessage): AuthError | undefined {
  return requestStateOf(req)?.error;
}

/** Looks for the caller of a request, and leaves the request telling one story: `req.user`, its state and its headers. */
export function identifyWith(trust: Trust, req: IncomingMessage): RequestState {
  const context = readRequestContext(req);
  let caller: Caller | undefined;
  let error: AuthError | undefined;
  let isSettled = false;
  try {
    const found = readCredentialHeaders(req);
    ({ isSettled } = found);
    caller = decide(found, trust, req);
  } catch (reason) {
    if (!isAuthError(reason)) throw asError(reason);
    error = reason;
  } finally {
    // Also when a key ring or revocation list of the application's own breaks: nothing unproven stays behind.
    if (!isSettled) settleIdentityHeaders(req, caller === undefined ? undefined : identityOf(caller));
    (req as { user?: Caller | undefined }).user = caller;
  }
  const state = { context, caller, error };
  setRequestState(req, state);
  return state;
}

/** Who is believed: the table in docs/architecture.md. An invalid proof never falls back to a weaker one. */
function decide(found: CredentialHeaders, trust: Trust, req: IncomingMessage): Caller {
  const known = recallCaller(found, trust);
  if (known !== undefined) return known;
  const { assertion, authorization, identity } = found;
  const bearer = bearerToken(authorization);
  if (assertion.length === 0 && bearer === undefined) return fromPlainHeaders(found, trust, req);
  if (assertion.length > 1) throw new InvalidTokenError('duplicate_assertion');
  const caller = assertion.length === 0 ? fromBearer(bearer, trust, []) : fromAssertion(assertion[0], bearer, trust);
  if (identity.size > 0) checkPlainHeaders(identity, identityOf(caller));
  return caller;
}

/** The usual request: nothing but a token that is remembered. */
function recallCaller({ authorization, assertion, identity }: CredentialHeaders, trust: Trust): Caller | undefined {
  if (trust.tokens === undefined || assertion.length > 0 || identity.size > 0) return undefined;
  const known = recallBearer(authorization, trust.tokens);
  if (known === undefined) return undefined;
  checkAudienceOf(known, trust.audience, []);
  return known.caller;
}

function fromAssertion(assertion: string | undefined, bearer: string | undefined, trust: Trust): Caller {
  if (trust.assertions === undefined) throw new UnprovenIdentityError('no_key');
  const { caller, issuer } = trust.assertions.check(assertion);
  // The gateway may pass on the token that it was given, which may be meant for it.
  if (bearer !== undefined && !isSameCaller(caller, fromBearer(bearer, trust, [issuer]))) {
    throw new ConflictingIdentityError('assertion_and_bearer');
  }
  return caller;
}

function fromBearer(bearer: string | undefined, { tokens, audience }: Trust, gateways: readonly string[]): Caller {
  if (tokens === undefined) throw new UnprovenIdentityError('no_key');
  const token = tokens.check(bearer);
  checkAudienceOf(token, audience, gateways);
  return token.caller;
}

function checkAudienceOf({ claims }: VerifiedToken, audience: string | null, gateways: readonly string[]): void {
  // Most tokens name none.
  if (claims.aud === undefined || audience === null) return;
  checkAudience(claims, [audience, ...gateways]);
}

function fromPlainHeaders(found: CredentialHeaders, trust: Trust, req: IncomingMessage): Caller {
  if (found.identity.size === 0) throw new MissingCredentialsError();
  if (!trust.isTrustedPeer(req)) throw new UnprovenIdentityError('peer_not_trusted');
  if (trust.directOnly && found.passedOn) throw new UnprovenIdentityError('passed_on_by_a_proxy');
  let told = '';
  for (const name of IDENTITY_HEADERS) {
    const lines = found.identity.get(name);
    told += lines === undefined ? '\n' : `=${withoutLineEnd(name, onlyLine(name, lines))}\n`;
  }
  return callerTold(told);
}

/** The caller of identity headers, which are given as lines in their order: each `=value`, or empty. */
const callerTold = remember(
  (told) => {
    const values = noHeaders();
    const lines = told.split('\n');
    IDENTITY_HEADERS.forEach((name, index) => {
      const line = lines[index] as string;
      if (line !== '') values[name] = line.slice(1);
    });
    return readIdentity(values) as Caller;
  },
  { maxTexts: 1000, maxLength: 1000 },
);

function checkPlainHeaders(identity: CredentialHeaders['identity'], proven: IdentityHeaderValues): void {
  for (const [name, lines] of identity) {
    if (!sayTheSame(name, onlyLine(name, lines), proven[name])) throw new ConflictingIdentityError(name);
  }
}

function onlyLine(name: IdentityHeader, lines: readonly (string | undefined)[]): string {
  const [line] = lines;
  if (lines.length !== 1 || line === undefined) throw new MalformedIdentityError(`not_one_${name}`);
  return line;
}

/** None comes through Node's parser; an adapter of another kind may hand one over. */
function withoutLineEnd(name: IdentityHeader, value: string): string {
  if (value.includes('\n')) throw new MalformedIdentityError(`illegal_${name}`);
  return value;
}

const identities = new WeakMap<Caller, IdentityHeaderValues>();

/** The identity headers of a caller, written once: verified callers are the same object on every request. */
function identityOf(caller: Caller): IdentityHeaderValues {
  let values = identities.get(caller);
  if (values === undefined) {
    values = writeIdentity(caller);
    identities.set(caller, values);
  }
  return values;
}
