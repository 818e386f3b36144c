import { redactText } from './redact.js';
import { limitStack } from './without-stack.js';

/** Every code that an error of this package may carry. Stable: alerts and clients may switch on them (docs/errors.md). */
export const ERROR_CODES = [
  'missing_credentials',
  'invalid_token',
  'token_expired',
  'token_revoked',
  'wrong_audience',
  'conflicting_identity',
  'unproven_identity',
  'malformed_identity',
  'service_required',
  'service_not_allowed',
  'scope_missing',
  'user_required',
  'role_not_allowed',
  'audience_not_allowed',
  'bad_path',
  'bad_request',
  'request_timeout',
  'bad_identity_header',
  'method_not_allowed',
  'upgrade_not_supported',
  'upstream_unreachable',
  'upstream_timeout',
  'keys_unavailable',
  'revocations_stale',
  'configuration_error',
] as const;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

// Behind Symbol.for, so that the ESM and the CommonJS copy of this package recognise each other's errors.
const FAMILY = Symbol.for('service-auth.error');

type Family = 'auth' | 'configuration' | 'service_request' | 'tenant_deletion';

/**
 * Marks a class as a member of the error family, for the guards of every copy of this package.
 *
 * @internal
 */
export function joinErrorFamily(prototype: object, family: Family): void {
  Object.defineProperty(prototype, FAMILY, { value: family });
}

/**
 * Tells whether an error is one of a family, made by whatever copy of this package.
 *
 * @internal
 */
export function isOfFamily(error: unknown, family: Family): boolean {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[FAMILY] === family;
}

/**
 * A refusal: why a request is not let in. Each leaf has its own literal `code` and `status`.
 *
 * `detail` is public and the same for every error of one code; `reason` is the exact cause and belongs in a log, never in
 * an answer: it would tell a forger how far a forgery got.
 */
export abstract class AuthError extends Error {
  /** The class's name. */
  abstract override readonly name: string;
  /** Stable; see docs/errors.md. */
  abstract readonly code: ErrorCode;
  /** The HTTP status that answers this refusal. */
  abstract readonly status: number;
  /** One public sentence, the same for every error of this code. */
  readonly detail: string;
  /** The exact cause as a short word (`bad_signature`), for the audit line only. */
  readonly reason: string | undefined;

  /**
   * @param detail - the public sentence of this code
   * @param reason - the exact cause, for logs
   * @param options - the underlying `cause`, which must hold no token and no key
   */
  constructor(detail: string, reason?: string, options?: ErrorOptions) {
    super(reason === undefined ? detail : `${detail} (${reason})`, options);
    this.detail = detail;
    this.reason = reason;
  }

  static {
    joinErrorFamily(AuthError.prototype, 'auth');
  }
}

/** 401: the request carries no credential that this package reads (RFC 6750 §3.1). */
export class MissingCredentialsError extends AuthError {
  override readonly name = 'MissingCredentialsError';
  readonly code = 'missing_credentials';
  readonly status = 401;
  constructor(reason?: string) {
    super('Authentication is required.', reason);
  }
}

/**
 * 401: the token or assertion is malformed, unsigned, signed with an unknown key, or breaks the claim rules. Its `stack` is its message
 * alone: strangers choose how many of these there are, and to record where each was made costs more than to refuse it.
 */
export class InvalidTokenError extends AuthError {
  override readonly name = 'InvalidTokenError';
  readonly code = 'invalid_token';
  readonly status = 401;
  constructor(reason?: string, options?: ErrorOptions) {
    const { stackTraceLimit } = Error;
    limitStack(0);
    super('The token is not valid.', reason, options);
    limitStack(stackTraceLimit);
  }
}

/** 401: the signature is good, but `exp` has passed. Only its owner learns this: a forgery is `invalid_token`. */
export class TokenExpiredError extends AuthError {
  override readonly name = 'TokenExpiredError';
  readonly code = 'token_expired';
  readonly status = 401;
  constructor(reason?: string) {
    super('The token has expired.', reason);
  }
}

/** 401: the signature is good, but the token is on the revocation list. */
export class TokenRevokedError extends AuthError {
  override readonly name = 'TokenRevokedError';
  readonly code = 'token_revoked';
  readonly status = 401;
  /** Whose token it is, for the audit line: somebody may still be trying one that leaked. */
  readonly revoked: RevokedToken | undefined;

  /**
   * @param reason - the exact cause, for logs
   * @param revoked - what is known of the token, whose signature is good
   */
  constructor(reason?: string, revoked?: RevokedToken) {
    super('The token has been revoked.', reason);
    this.revoked = revoked;
  }
}

/** What the audit line says of a token that is revoked. */
export interface RevokedToken {
  /** Its `jti`; older tokens have none. */
  readonly tokenId?: string | undefined;
  /** The service that it was issued to; undefined for a person's. */
  readonly service?: string | undefined;
}

/** 401: the signature is good, but the token or assertion was made for somebody else (RFC 7519 §4.1.3). */
export class WrongAudienceError extends AuthError {
  override readonly name = 'WrongAudienceError';
  readonly code = 'wrong_audience';
  readonly status = 401;
  constructor(reason?: string) {
    super('The token was issued for another audience.', reason);
  }
}

/** 401: the request names two different callers. */
export class ConflictingIdentityError extends AuthError {
  override readonly name = 'ConflictingIdentityError';
  readonly code = 'conflicting_identity';
  readonly status = 401;
  constructor(reason?: string) {
    super('The request names more than one caller.', reason);
  }
}

/** 401: the request names a caller, and nothing proves it. */
export class UnprovenIdentityError extends AuthError {
  override readonly name = 'UnprovenIdentityError';
  readonly code = 'unproven_identity';
  readonly status = 401;
  constructor(reason?: string) {
    super('The identity in the request is not proven.', reason);
  }
}

/** 401: the identity headers are duplicated, incomplete, contradictory or hold illegal characters. */
export class MalformedIdentityError extends AuthError {
  override readonly name = 'MalformedIdentityError';
  readonly code = 'malformed_identity';
  readonly status = 401;
  constructor(reason?: string) {
    super('The identity headers are malformed.', reason);
  }
}

/** 403: the caller is known and is no internal service. */
export class ServiceRequiredError extends AuthError {
  override readonly name = 'ServiceRequiredError';
  readonly code = 'service_required';
  readonly status = 403;
  constructor(reason?: string) {
    super('This endpoint is only accessible to internal services', reason);
  }
}

/** 403: the caller is an internal service, but not one that this endpoint lets in. */
export class ServiceNotAllowedError extends AuthError {
  override readonly name = 'ServiceNotAllowedError';
  readonly code = 'service_not_allowed';
  readonly status = 403;
  constructor(reason?: string) {
    super('This service is not allowed to use this endpoint.', reason);
  }
}

/** 403: the caller's token lacks a scope that this endpoint requires. */
export class ScopeMissingError extends AuthError {
  override readonly name = 'ScopeMissingError';
  readonly code = 'scope_missing';
  readonly status = 403;
  constructor(reason?: string) {
    super('The token lacks a scope that this endpoint requires.', reason);
  }
}

/** 403: the caller is known and is no person. */
export class UserRequiredError extends AuthError {
  override readonly name = 'UserRequiredError';
  readonly code = 'user_required';
  readonly status = 403;
  constructor(reason?: string) {
    super('This endpoint is only accessible to users.', reason);
  }
}

/** 403: the caller has none of the roles that this endpoint lets in. */
export class RoleNotAllowedError extends AuthError {
  override readonly name = 'RoleNotAllowedError';
  readonly code = 'role_not_allowed';
  readonly status = 403;
  constructor(reason?: string) {
    super("The caller's role is not allowed to use this endpoint.", reason);
  }
}

/** 403, at the gateway: the token names an audience, and it is neither the gateway nor the service behind the route. */
export class AudienceNotAllowedError extends AuthError {
  override readonly name = 'AudienceNotAllowedError';
  readonly code = 'audience_not_allowed';
  readonly status = 403;
  constructor(reason?: string) {
    super('The token was not issued for the service behind this path.', reason);
  }
}

/** 400, at the gateway: the path is not in its normal form, so gateway and service could read it differently. */
export class BadPathError extends AuthError {
  override readonly name = 'BadPathError';
  readonly code = 'bad_path';
  readonly status = 400;
  constructor(reason?: string) {
    super('The request path is not in its normal form.', reason);
  }
}

/**
 * 400, at the gateway: request line, `Host` or body framing could be read in two ways (RFC 9112 §2.3, §3.2, §6.1), or there are more
 * header lines than every reader keeps.
 */
export class BadRequestError extends AuthError {
  override readonly name = 'BadRequestError';
  readonly code = 'bad_request';
  readonly status = 400;
  constructor(reason?: string) {
    super('The request can be read in more than one way.', reason);
  }
}

/** 408, at the gateway: the client stopped in the midst of its upload. */
export class RequestTimeoutError extends AuthError {
  override readonly name = 'RequestTimeoutError';
  readonly code = 'request_timeout';
  readonly status = 408;
  constructor(reason?: string) {
    super('The rest of the request did not come in time.', reason);
  }
}

/** 400, at the gateway: a verified identity cannot be written to a header. */
export class BadIdentityHeaderError extends AuthError {
  override readonly name = 'BadIdentityHeaderError';
  readonly code = 'bad_identity_header';
  readonly status = 400;
  constructor(reason?: string) {
    super('The identity cannot be passed on in a header.', reason);
  }
}

/** 405, at the gateway: TRACE would echo the injected credentials to the client (RFC 9110 §9.3.8). */
export class MethodNotAllowedError extends AuthError {
  override readonly name = 'MethodNotAllowedError';
  readonly code = 'method_not_allowed';
  readonly status = 405;
  constructor(reason?: string) {
    super('This method is not passed on.', reason);
  }
}

/** 426, at the gateway: connection upgrades (WebSocket) are not passed on. */
export class UpgradeNotSupportedError extends AuthError {
  override readonly name = 'UpgradeNotSupportedError';
  readonly code = 'upgrade_not_supported';
  readonly status = 426;
  constructor(reason?: string) {
    super('Connection upgrades are not passed on.', reason);
  }
}

/** 502, at the gateway: the service behind the route refused the connection or broke it before answering. */
export class UpstreamUnreachableError extends AuthError {
  override readonly name = 'UpstreamUnreachableError';
  readonly code = 'upstream_unreachable';
  readonly status = 502;
  constructor(reason?: string, options?: ErrorOptions) {
    super('The service behind this path could not be reached.', reason, options);
  }
}

/** 504, at the gateway: the service behind the route did not answer in time. */
export class UpstreamTimeoutError extends AuthError {
  override readonly name = 'UpstreamTimeoutError';
  readonly code = 'upstream_timeout';
  readonly status = 504;
  constructor(reason?: string, options?: ErrorOptions) {
    super('The service behind this path did not answer in time.', reason, options);
  }
}

/** 503: a key ring that fetches its keys has none yet. Thrown by {@link KeyRing.snapshot}, never a 401. */
export class KeysUnavailableError extends AuthError {
  override readonly name = 'KeysUnavailableError';
  readonly code = 'keys_unavailable';
  readonly status = 503;
  constructor(reason?: string, options?: ErrorOptions) {
    super('The keys that verify tokens are not available.', reason, options);
  }
}

/** 503: the revocation list is older than its owner tolerates. Thrown by {@link RevocationList.isRevoked}, never a 401. */
export class RevocationsStaleError extends AuthError {
  override readonly name = 'RevocationsStaleError';
  readonly code = 'revocations_stale';
  readonly status = 503;
  constructor(reason?: string, options?: ErrorOptions) {
    super('The revocation list is out of date.', reason, options);
  }
}

/**
 * A mistake in options or environment, found at construction. A `TypeError`, because it is the program that is wrong.
 *
 * The message names the option or variable, what is wrong with it and what to do; it never repeats a secret.
 */
export class ConfigurationError extends TypeError {
  /** The class's name. */
  override readonly name = 'ConfigurationError';
  /** The same for all. */
  readonly code = 'configuration_error';
  /** The option (`clockToleranceSeconds`) or environment variable (`JWT_SECRET_KEY`) at fault. */
  readonly setting: string;

  /**
   * @param setting - the option or environment variable at fault
   * @param message - what is wrong and what to do
   */
  constructor(setting: string, message: string) {
    // Names of options and variables are quoted, and a token may stand where its variable's name belongs.
    super(redactText(`${setting} ${message}`));
    this.setting = redactText(setting);
  }

  static {
    joinErrorFamily(ConfigurationError.prototype, 'configuration');
  }
}

/** What {@link isServiceRequestError} promises: the error that a service client rejects with. */
export interface ServiceRequestFailure extends Error {
  /** axios' or Node's (`ECONNREFUSED`, `ERR_BAD_RESPONSE`, …); see docs/errors.md. */
  readonly code: string;
  /** What code that knows axios asks for. */
  readonly isAxiosError: true;
  /** The answer's status; absent where no answer came. */
  readonly status?: number | undefined;
  /** In upper case. */
  readonly method: string;
  /** Without query, fragment and user info, which may hold secrets. */
  readonly url: string;
  /** The target's name, where it is known. */
  readonly service: string | undefined;
  /** How many times the request was sent, the first one included; 0 where it was stopped before. */
  readonly tries: number;
  /** Whether the call may have run at its target: `not_sent` and `refused`: no. `unknown`: it may. `completed`: yes. */
  readonly outcome: 'not_sent' | 'refused' | 'unknown' | 'completed';
  /** How long to wait before the next call, in ms; undefined where nobody said. */
  readonly retryAfterMs: number | undefined;
  /** The id under which the other side logged the request. */
  readonly requestId: string | undefined;
  /** The answer's body, where it was a problem document (RFC 9457); its `code` is one of ours where the refusal is. */
  readonly problem: Readonly<Record<string, unknown>> | undefined;
  /** What came back; undefined where nothing did. */
  readonly response:
    | {
        /** Such as 403. */
        readonly status: number;
        /** The body. */
        readonly data: unknown;
      }
    | undefined;
}

/** Tells whether `error` is a refusal of this package, also one made by another copy of it. */
export function isAuthError(error: unknown): error is AuthError {
  return isOfFamily(error, 'auth');
}

/** Tells whether `error` was thrown for a mistake in options or environment, also by another copy of this package. */
export function isConfigurationError(error: unknown): error is ConfigurationError {
  return isOfFamily(error, 'configuration');
}

/** Tells whether `error` comes from a service client's request, also one of another copy of this package. */
export function isServiceRequestError(error: unknown): error is ServiceRequestFailure {
  return isOfFamily(error, 'service_request');
}
