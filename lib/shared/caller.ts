import type { TokenClaims } from './claims.js';

/** How a caller was proven: by the gateway's assertion, by its own bearer token, or by plain headers of a trusted peer. */
export type Via = 'assertion' | 'bearer' | 'headers';

/** What both kinds of caller share. */
export interface CommonCaller {
  /** Of a service its name. */
  readonly userId: string;
  /** Of a service `<name>@internal.service`. */
  readonly email: string;
  /** What the token allows beside the role; often nothing. */
  readonly scopes: readonly string[];
  /** How it was proven. */
  readonly via: Via;
  /** The `jti` of the token that the caller holds. */
  readonly tokenId?: string;
  /** The `kid` of the key that signed it. */
  readonly keyId?: string;
  /** When that token was issued, in seconds since 1970. */
  readonly issuedAt?: number;
  /** When that token ends, in seconds since 1970. */
  readonly expiresAt?: number;
}

/** An internal service. */
export interface ServiceCaller extends CommonCaller {
  /** Tells services from people. */
  readonly type: 'service';
  /** Its name, such as `orders-service`. */
  readonly service: string;
  /** One word; `admin` by default. */
  readonly role: string;
}

/** A person. */
export interface UserCaller extends CommonCaller {
  /** Tells people from services. */
  readonly type: 'access';
  /** One word. */
  readonly role?: string;
  /** The tenant that the person belongs to. */
  readonly tenantId?: string;
}

/** Who calls, as `req.user` has it: frozen, without a prototype, discriminated by `type`. */
export type Caller = ServiceCaller | UserCaller;

/** Where a caller's facts come from, beside the claims. */
export interface CallerOrigin {
  readonly via: Via;
  readonly keyId?: string | undefined;
  readonly tokenId?: string | undefined;
  readonly issuedAt?: number | undefined;
  readonly expiresAt?: number | undefined;
}

/** Makes the caller that verified claims describe. */
export function callerFromClaims(claims: TokenClaims, origin: CallerOrigin): Caller {
  const common = {
    userId: claims.user_id,
    email: claims.email,
    scopes: Object.freeze(claims.scope === undefined || claims.scope === '' ? [] : claims.scope.split(' ')),
    via: origin.via,
    ...present('tokenId', origin.tokenId),
    ...present('keyId', origin.keyId),
    ...present('issuedAt', origin.issuedAt),
    ...present('expiresAt', origin.expiresAt),
  };
  const caller: Caller =
    claims.type === 'service'
      ? { type: 'service', service: claims.service, role: claims.role, ...common }
      : { type: 'access', ...common, ...present('role', claims.role), ...present('tenantId', claims.tenant_id) };
  // Without a prototype: one that was polluted elsewhere must give nobody a role or a tenant.
  return Object.freeze(Object.setPrototypeOf(caller, null) as Caller);
}

/** The claims that name this caller: what an assertion says of it. The reverse of {@link callerFromClaims}. */
export function claimsFromCaller(caller: Caller): Readonly<Record<string, unknown>> {
  const common = {
    user_id: caller.userId,
    email: caller.email,
    type: caller.type,
    ...present('role', caller.role),
    ...(caller.scopes.length > 0 && { scope: caller.scopes.join(' ') }),
  };
  return caller.type === 'service'
    ? { ...common, sub: caller.service, service: caller.service, is_service: true }
    : { ...common, ...present('tenant_id', caller.tenantId) };
}

/** Tells whether two callers are the same one, however each was proven. */
export function isSameCaller(a: Caller, b: Caller): boolean {
  return (
    a.type === b.type &&
    a.userId === b.userId &&
    a.email === b.email &&
    a.role === b.role &&
    (a.type === 'access' ? a.tenantId : undefined) === (b.type === 'access' ? b.tenantId : undefined)
  );
}

function present<K extends string, T>(name: K, value: T | undefined): { readonly [P in K]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [P in K]?: T });
}
