import { type Caller, callerFromClaims } from './caller.js';
import { parseClaims } from './claims.js';
import { BadIdentityHeaderError, type InvalidTokenError, MalformedIdentityError } from './errors.js';
import { isIdentityText } from './identity-text.js';
import { remember } from './remember.js';

/** The headers by which a gateway tells a service who calls. Nothing in them is proof. */
export const IDENTITY_HEADERS = [
  'x-user-id',
  'x-user-email',
  'x-user-role',
  'x-user-type',
  'x-service-name',
  'x-tenant-id',
] as const;

/** One of {@link IDENTITY_HEADERS}. */
export type IdentityHeader = (typeof IDENTITY_HEADERS)[number];

/** The header that carries the gateway's proof. */
export const ASSERTION_HEADER = 'x-gateway-assertion';

/** Identity headers with their values as on the wire. */
export type IdentityHeaderValues = Readonly<Partial<Record<IdentityHeader, string>>>;

/** An empty record without a prototype: one that was polluted elsewhere must name nobody. */
export function noHeaders(): Partial<Record<IdentityHeader, string>> {
  return Object.create(null) as Partial<Record<IdentityHeader, string>>;
}

const NAMES: ReadonlySet<string> = new Set(IDENTITY_HEADERS);

/** Tells whether `name`, in lower case, is exactly an identity header. */
export function isIdentityHeader(name: string): name is IdentityHeader {
  return NAMES.has(name);
}

/**
 * The name that lenient readers may see: CGI and WSGI turn `X_User_Id` and `X-User-Id` into the same variable, so names
 * that are equal after lower-casing and turning everything but letters and digits into `-` are aliases of one another.
 */
export const canonicalHeaderName: (name: string) => string = remember((name) =>
  name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-'),
);

/**
 * Writes a caller to identity headers. Values that are not plain ASCII are percent-encoded (UTF-8), and so are `%` and
 * `,`, so that {@link readIdentity} reads back exactly what was written.
 *
 * @param caller - the proven caller
 * @returns only the headers that this caller has
 * @throws BadIdentityHeaderError where a value could not be read back: nothing is stripped, nothing sent in part
 */
export function writeIdentity(caller: Caller): IdentityHeaderValues {
  const values = noHeaders();
  values['x-user-id'] = encode(caller.userId);
  values['x-user-email'] = encode(caller.email);
  values['x-user-type'] = caller.type;
  if (caller.role !== undefined) values['x-user-role'] = encode(caller.role);
  if (caller.type === 'service') values['x-service-name'] = caller.service;
  else if (caller.tenantId !== undefined) values['x-tenant-id'] = encode(caller.tenantId);
  return values;
}

/**
 * Reads a caller back from identity headers, by the rules that tokens obey: complete or not at all.
 *
 * @param values - each header's only value; duplicates are the caller's to refuse
 * @returns the caller with `via: 'headers'`, or undefined where there are no identity headers
 * @throws MalformedIdentityError where they are incomplete, contradict one another or hold what no gateway writes
 */
export function readIdentity(values: IdentityHeaderValues): Caller | undefined {
  const decoded = noHeaders();
  let any = false;
  for (const name of IDENTITY_HEADERS) {
    const value = values[name];
    if (value === undefined) continue;
    any = true;
    decoded[name] = decode(name, value);
  }
  if (!any) return undefined;
  const type = decoded['x-user-type'] ?? '';
  const service = decoded['x-service-name'];
  const tenantId = decoded['x-tenant-id'];
  const isUser = sayTheSame('x-user-type', type, 'access');
  if (isUser && service !== undefined) throw new MalformedIdentityError('user_with_service_name');
  if (!isUser && tenantId !== undefined) throw new MalformedIdentityError('service_with_tenant');
  try {
    const claims = parseClaims({
      type: isUser ? 'access' : type,
      is_service: !isUser,
      sub: isUser ? undefined : service,
      service,
      user_id: decoded['x-user-id'],
      email: decoded['x-user-email'],
      role: decoded['x-user-role'],
      tenant_id: tenantId,
      exp: Number.MAX_SAFE_INTEGER,
    });
    return callerFromClaims(claims, { via: 'headers' });
  } catch (error) {
    throw new MalformedIdentityError((error as InvalidTokenError).reason);
  }
}

const PLAIN = /^[\x20-\x2b\x2d-\x7e]*$/;

/**
 * Tells whether a header says what a gateway of ours would have written. Older gateways write a person's type as `user`.
 *
 * @param name - the header
 * @param value - as it came
 * @param written - as {@link writeIdentity} has it; undefined where the caller has no such header
 */
export function sayTheSame(name: IdentityHeader, value: string, written: string | undefined): boolean {
  return value === written || (name === 'x-user-type' && value === 'user' && written === 'access');
}

function encode(value: string): string {
  if (!isIdentityText(value)) throw new BadIdentityHeaderError('illegal_value');
  return value.replaceAll(/[^\x20-\x7e]+|[%,]/gu, encodeURIComponent);
}

function decode(name: IdentityHeader, value: unknown): string {
  // A raw comma is what Node makes of two lines; a raw byte over 0x7E could be read in more than one encoding.
  // Frameworks other than Node's may give an array or a number, which these functions would take for their text.
  const text = typeof value === 'string' && PLAIN.test(value) ? percentDecoded(value) : undefined;
  if (!isIdentityText(text)) throw new MalformedIdentityError(`illegal_${name}`);
  return text;
}

function percentDecoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
