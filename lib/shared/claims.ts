import { InvalidTokenError } from './errors.js';
import { isIdentityText, isRole, isScope } from './identity-text.js';
import { isServiceName } from './services.js';

/** The claims that both kinds of token share, snake_case as on the wire (RFC 7519 §4.1). */
export interface CommonClaims {
  /** Who holds the token: for a service its name. */
  readonly user_id: string;
  /** Where to reach them; of a service `<name>@internal.service`. */
  readonly email: string;
  /** When it ends, in seconds since 1970. */
  readonly exp: number;
  /** When it was issued, in seconds since 1970. Older tokens may lack it. */
  readonly iat?: number;
  /** Before when it is not good, in seconds since 1970. */
  readonly nbf?: number;
  /** The token's own id, by which it can be revoked. Older tokens lack it. */
  readonly jti?: string;
  /** Who issued it. */
  readonly iss?: string;
  /** Whom it is meant for; without, anybody. */
  readonly aud?: string | readonly string[];
  /** Space-separated. */
  readonly scope?: string;
}

/** The claims of a service token: `sub`, `user_id` and `service` are the service's name. */
export interface ServiceTokenClaims extends CommonClaims {
  /** Tells the two kinds apart. */
  readonly type: 'service';
  /** For readers that know no `type`. */
  readonly is_service: true;
  /** The service's name. */
  readonly sub: string;
  /** The service's name. */
  readonly service: string;
  /** One word; `admin` by default. */
  readonly role: string;
}

/** The claims of an access token: a person's. */
export interface AccessTokenClaims extends CommonClaims {
  /** Tells the two kinds apart. */
  readonly type: 'access';
  /** The person's id, as other issuers call it. */
  readonly sub?: string;
  /** One word. */
  readonly role?: string;
  /** The tenant that the person belongs to. */
  readonly tenant_id?: string;
}

/** The verified payload of a token, discriminated by `type`. */
export type TokenClaims = ServiceTokenClaims | AccessTokenClaims;

/**
 * Checks the shape of a payload and copies the known claims out of it; nothing else in it gets further. Says nothing
 * about signature, time, audience or revocation.
 *
 * @param payload - what the token's second part decoded to
 * @returns frozen claims, without a prototype
 * @throws InvalidTokenError with the name of the claim in its `reason`
 */
export function parseClaims(payload: Readonly<Record<string, unknown>>): TokenClaims {
  const claims = {
    user_id: required(payload, 'user_id', isIdentityText),
    email: required(payload, 'email', isIdentityText),
    exp: required(payload, 'exp', isNumericDate),
    ...optional(payload, 'iat', isNumericDate),
    ...optional(payload, 'nbf', isNumericDate),
    ...optional(payload, 'jti', isIdentityText),
    ...optional(payload, 'iss', isIdentityText),
    ...audienceClaim(payload),
    ...optional(payload, 'scope', isScope),
  };
  switch (own(payload, 'type')) {
    case 'service':
      return sealed({ ...claims, ...serviceClaims(payload, claims.user_id) });
    case 'access':
      return sealed({ ...claims, ...accessClaims(payload) });
    default:
      throw new InvalidTokenError('claim_type');
  }
}

/** Without a prototype: one that was polluted elsewhere must give nobody a claim. */
function sealed<T extends TokenClaims>(claims: T): T {
  return Object.freeze(Object.setPrototypeOf(claims, null) as T);
}

/** The audiences that a token names; none where it names nobody. */
export function audiencesOf(claims: Pick<TokenClaims, 'aud'>): readonly string[] {
  if (claims.aud === undefined) return [];
  return typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
}

/** A copy: claims are remembered, and a list that a reader could change would be everybody's. */
function audienceClaim(payload: Readonly<Record<string, unknown>>): Pick<CommonClaims, 'aud'> {
  const { aud } = optional(payload, 'aud', isAudience);
  if (aud === undefined || typeof aud === 'string') return aud === undefined ? {} : { aud };
  return { aud: Object.freeze([...aud]) };
}

function serviceClaims(
  payload: Readonly<Record<string, unknown>>,
  userId: string,
): Pick<ServiceTokenClaims, 'type' | 'is_service' | 'sub' | 'service' | 'role'> {
  const service = required(payload, 'service', isServiceName);
  // One of them alone would be enough for a reader of it: all three must name the same service.
  if (own(payload, 'sub') !== service) throw new InvalidTokenError('claim_sub');
  if (userId !== service) throw new InvalidTokenError('claim_user_id');
  if (own(payload, 'is_service') !== true) throw new InvalidTokenError('claim_is_service');
  return { type: 'service', is_service: true, sub: service, service, role: required(payload, 'role', isRole) };
}

function accessClaims(
  payload: Readonly<Record<string, unknown>>,
): Pick<AccessTokenClaims, 'type' | 'sub' | 'role' | 'tenant_id'> {
  const isService = own(payload, 'is_service');
  if (isService !== undefined && isService !== false) throw new InvalidTokenError('claim_is_service');
  return {
    type: 'access',
    ...optional(payload, 'sub', isIdentityText),
    ...optional(payload, 'role', isRole),
    ...optional(payload, 'tenant_id', isIdentityText),
  };
}

type Check<T> = (value: unknown) => value is T;

function own(payload: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(payload, name) ? payload[name] : undefined;
}

function required<T>(payload: Readonly<Record<string, unknown>>, name: string, check: Check<T>): T {
  const value = own(payload, name);
  if (!check(value)) throw new InvalidTokenError(`claim_${name}`);
  return value;
}

function optional<K extends string, T>(
  payload: Readonly<Record<string, unknown>>,
  name: K,
  check: Check<T>,
): { readonly [P in K]?: T } {
  const value = own(payload, name);
  if (value === undefined) return {};
  if (!check(value)) throw new InvalidTokenError(`claim_${name}`);
  return { [name]: value } as { readonly [P in K]?: T };
}

/** Seconds since 1970 (RFC 7519 §2), finite and small enough to be exact; JSON's 1e400 is infinite. */
export function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= Number.MAX_SAFE_INTEGER;
}

/** How many audiences a token may name. */
export const MAX_AUDIENCES = 32;

function isAudience(value: unknown): value is string | readonly string[] {
  if (!Array.isArray(value)) return isIdentityText(value);
  return value.length > 0 && value.length <= MAX_AUDIENCES && value.every(isIdentityText);
}
