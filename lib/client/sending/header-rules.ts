import { AxiosHeaders, type AxiosRequestHeaders, type InternalAxiosRequestConfig } from 'axios';
import { ASSERTION_HEADER, canonicalHeaderName, isIdentityHeader } from '../../shared/identity-headers.js';
import { remember } from '../../shared/remember.js';
import { RequestFailure } from './request-failure.js';

// RFC 9110 §5.6.2 and §5.5; what node:http would send as it is.
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

// A length that is not the body's makes the rest of the body the next request on a connection that all clients share, or that
// request, with its token, a part of this body (RFC 9112 §6, §11.2; RFC 9110 §7.6.1).
const FRAMING: ReadonlySet<string> = new Set(
  'connection content-length expect keep-alive proxy-connection te trailer transfer-encoding upgrade'.split(' '),
);

// Where axios keeps defaults of all requests and of one method.
const GROUPS: ReadonlySet<string> = new Set(
  'common delete get head options patch post postForm purge put link query unlink'.split(' '),
);

/**
 * Refuses headers that would not arrive as they were given. axios drops illegal characters in silence, and two different
 * values can then become one on the wire. Has to see them before axios does.
 *
 * @param headers - what a caller gave to axios: an object, entries, or defaults grouped by method
 * @throws RequestFailure `ERR_BAD_OPTION_VALUE` naming the header, without its value
 */
export function checkGivenHeaders(headers: unknown): void {
  checkEach(headers, (name, value) => {
    checkFraming(name, value);
    checkHeader(name, value);
  });
}

function checkEach(headers: unknown, check: (name: string, value: unknown) => void): void {
  if (headers === undefined || headers === null) return;
  if (typeof headers !== 'object') throw refusal('The headers must be an object');
  for (const [name, value] of entriesOf(headers)) {
    if (GROUPS.has(name) && typeof value === 'object' && value !== null) checkEach(value, check);
    else check(name, value);
  }
}

/**
 * Makes the headers of a request refuse, from now on, what {@link checkGivenHeaders} refuses: what interceptors and transforms set
 * would otherwise be without its control characters before anybody else can look.
 *
 * @param config - whose headers are axios', or what an interceptor put in their place
 * @returns the config
 * @throws RequestFailure `ERR_BAD_OPTION_VALUE` where they hold something illegal already
 */
export function guardHeaders(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig {
  if (Object.getPrototypeOf(config.headers) === GUARDED) return config;
  checkEach(config.headers, checkHeader);
  config.headers = Object.setPrototypeOf(AxiosHeaders.from(config.headers), GUARDED) as AxiosRequestHeaders;
  return config;
}

const prototype = AxiosHeaders.prototype as object as Readonly<
  Record<'set' | 'concat' | 'normalize', (...args: unknown[]) => unknown>
>;

// A prototype, as properties of each request's headers are dear. Getters, as axios has them: a header that is called `set` is
// assigned to the name of the method.
const GUARDED = Object.create(prototype, {
  set: method(
    'Set',
    function (this: AxiosRequestHeaders, name: unknown, ...rest: [value?: unknown, rewrite?: unknown]) {
      if (typeof name !== 'string') checkEach(name, checkHeader);
      // A text that is no name is a block of header lines.
      else if (NAME.test(name)) checkHeader(name, rest[0]);
      return Reflect.apply(prototype.set, this, [name, ...rest]);
    },
  ),
  concat: method('Concat', function (this: AxiosRequestHeaders, ...others: readonly unknown[]) {
    for (const other of others) checkEach(other, checkHeader);
    return Reflect.apply(prototype.concat, this, others);
  }),
  // Called by axios before it sends: what was assigned, not set, has come to no check before.
  normalize: method('Normalize', function (this: AxiosRequestHeaders, format: unknown) {
    checkEach(this, checkHeader);
    return Reflect.apply(prototype.normalize, this, [format]);
  }),
}) as object;

function method(
  headerName: string,
  work: (this: AxiosRequestHeaders, ...args: never[]) => unknown,
): PropertyDescriptor {
  return {
    get: () => work,
    set(this: Record<string, unknown>, value: unknown) {
      this[headerName] = value;
    },
  };
}

/**
 * Copies the headers that a request has after all interceptors and transforms, for the client to complete. An
 * `Authorization` does not come along: the client's token takes its place.
 *
 * @param headers - axios' headers of the request
 * @throws RequestFailure `ERR_BAD_OPTION_VALUE` where one is illegal or not a caller's to set
 */
export function copyHeaders(headers: object): AxiosRequestHeaders {
  const copy: AxiosRequestHeaders = new AxiosHeaders();
  for (const [name, value] of entriesOf(headers)) {
    checkFraming(name, value);
    checkHeader(name, value);
    if (value === undefined || kindOf(name) === 'authorization') continue;
    copy.set(name, isSent(value) ? String(value) : false);
  }
  return copy;
}

/**
 * Looks once more at what goes on the wire, when nothing of axios comes after it: bodies, too, may bring headers along.
 *
 * @param headers - of the request, as node:http gets them
 * @param authorization - the one that there must be
 */
export function settleFinalHeaders(headers: Record<string, unknown>, authorization: string): void {
  for (const [name, value] of Object.entries(headers)) {
    if (kindOf(name) === 'authorization') Reflect.deleteProperty(headers, name);
    else checkHeader(name, value);
  }
  headers['Authorization'] = authorization;
}

function checkHeader(name: string, value: unknown): void {
  switch (kindOf(name)) {
    case 'illegal':
      throw refusal('A header has an illegal name');
    case 'identity':
      throw refusal(`The header ${name} says who calls, which only a gateway may say. The token names this service`);
    case 'host':
      throw refusal('The header Host could take the token to another service. The URL names the host');
    default:
  }
  if (!isSent(value)) return;
  if (!['string', 'number', 'boolean'].includes(typeof value)) {
    throw refusal(`The header ${name} must be a text or a number`);
  }
  if (!VALUE.test(String(value))) throw refusal(`The header ${name} holds characters that a header cannot carry`);
}

/** Of what is given, and of what is sent: in between, other adapters set these by the same headers. */
function checkFraming(name: string, value: unknown): void {
  if (kindOf(name) === 'framing' && isSent(value)) {
    throw refusal(
      `The header ${name} says how the request stands on the wire, which is the client's to say. Leave it out`,
    );
  }
}

type HeaderKind = 'illegal' | 'identity' | 'host' | 'framing' | 'authorization' | 'other';

const kindOf = remember((name): HeaderKind => {
  if (!NAME.test(name)) return 'illegal';
  const canonical = canonicalHeaderName(name);
  if (isIdentityHeader(canonical) || canonical === ASSERTION_HEADER) return 'identity';
  if (canonical === 'host' || canonical === 'authorization') return canonical;
  return FRAMING.has(canonical) ? 'framing' : 'other';
});

/** axios leaves a header out where its value is one of these; `false` also keeps axios from setting its own. */
function isSent(value: unknown): value is string | number | true {
  return value !== undefined && value !== null && value !== false;
}

function entriesOf(headers: object): Iterable<readonly [string, unknown]> {
  const isEntries = !(headers instanceof AxiosHeaders) && Symbol.iterator in headers;
  return isEntries ? (headers as Iterable<readonly [string, unknown]>) : Object.entries(headers);
}

function refusal(message: string): RequestFailure {
  return new RequestFailure('ERR_BAD_OPTION_VALUE', message);
}
