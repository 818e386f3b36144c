import type { IncomingMessage } from 'node:http';
import {
  ASSERTION_HEADER,
  canonicalHeaderName,
  IDENTITY_HEADERS,
  type IdentityHeader,
  type IdentityHeaderValues,
  isIdentityHeader,
} from '../shared/identity-headers.js';
import { remember } from '../shared/remember.js';
import { REQUEST_ID_HEADER } from '../shared/request-id.js';
import { willBuildDistinct } from './headers-distinct.js';

/** What a gateway takes out of a client's request, beside identity headers and aliases; the request id is told anew. */
export const GATEWAY_HEADERS: readonly string[] = [ASSERTION_HEADER, REQUEST_ID_HEADER];

/** The same, where the service does not get the caller's own token. */
export const GATEWAY_HEADERS_AND_AUTHORIZATION: readonly string[] = [...GATEWAY_HEADERS, 'authorization'];

/** Every line of the headers that say who calls, as they came. A value that is no text stands as undefined. */
export interface CredentialHeaders {
  /** Whether it is certain that no header but `Authorization` and the assertion says who calls, in any spelling: there is nothing to settle. */
  readonly isSettled: boolean;
  readonly authorization: readonly (string | undefined)[];
  readonly assertion: readonly (string | undefined)[];
  readonly identity: ReadonlyMap<IdentityHeader, readonly (string | undefined)[]>;
  /** Whether a proxy has said that it passed the request on (`Forwarded`, `Via`, `X-Forwarded-*`, `X-Real-IP`). */
  readonly passedOn: boolean;
}

type Kind = 'authorization' | typeof ASSERTION_HEADER | IdentityHeader | 'alias' | 'passed_on' | 'other';

const CREDENTIALS = ['authorization', ASSERTION_HEADER, ...IDENTITY_HEADERS] as const;
const ALIASED: ReadonlySet<string> = new Set([ASSERTION_HEADER, ...IDENTITY_HEADERS]);

const PASSED_ON: ReadonlySet<string> = new Set(['forwarded', 'via', 'x-real-ip']);

// What a removed line becomes in rawHeaders: Node's lazy getters throw when the list gets shorter.
const REMOVED = 'x-removed-identity-header';

/** What a header name, in any spelling, means to us. */
function kindOf(name: string): Kind {
  return isOrdinary(name) ? 'other' : kindOfSuspect(name);
}

const kindOfSuspect = remember((name) => classify(name.toLowerCase()));

/** Whether a name begins as none does that says anything to us: true of most names, and told without hashing them. */
function isOrdinary(name: string): boolean {
  switch (name.charCodeAt(0) | LOWER_CASE) {
    case 0x61: // Authorization
      return name.length !== 13;
    case 0x66: // Forwarded
    case 0x76: // Via
    case 0x78: // X-…
      return false;
    default:
      return true;
  }
}

// The bit that tells `a` from `A`.
const LOWER_CASE = 0x20;

function classify(name: string): Kind {
  if (name === 'authorization' || name === ASSERTION_HEADER || isIdentityHeader(name)) return name;
  if (ALIASED.has(canonicalHeaderName(name))) return 'alias';
  if (PASSED_ON.has(name) || name.startsWith('x-forwarded-')) return 'passed_on';
  return 'other';
}

/** Tells whether `name` is an identity header, the assertion's, or an alias of one, in any spelling. */
function isIdentityOrAlias(name: string): boolean {
  const kind = kindOf(name);
  return kind === 'alias' || kind === ASSERTION_HEADER || isIdentityHeader(kind);
}

/**
 * Tells whether only a gateway says this header: identity, assertion, their aliases, the request id, and the placeholder of
 * a line that was removed.
 */
export function isGatewaysWord(name: string): boolean {
  return isIdentityOrAlias(name) || name === REQUEST_ID_HEADER || name === REMOVED;
}

/**
 * Collects the headers that say who calls, in one pass over the lines as they came: `req.headers` hides duplicates (it keeps
 * the first `Authorization` and joins the rest). What earlier middleware removed from `req.headers` counts as absent; what
 * it changed or added counts as a line of its own.
 */
export function readCredentialHeaders(req: IncomingMessage): CredentialHeaders {
  return readPlainly(req) ?? readThoroughly(req);
}

const NO_LINES: readonly string[] = [];
const NO_IDENTITY: CredentialHeaders['identity'] = new Map();

/**
 * The usual request: one line of each credential at most, and nobody's identity beside it. Undefined for any other one.
 */
function readPlainly(req: IncomingMessage): CredentialHeaders | undefined {
  const headers: Readonly<Record<string, unknown>> = req.headers;
  const raw = req.rawHeaders as readonly unknown[] | undefined;
  if (raw === undefined || raw.length === 0) return undefined;
  let authorization: string | undefined;
  let assertion: string | undefined;
  let passedOn = false;
  for (let i = 0; i < raw.length; i += 2) {
    const kind = kindOf(raw[i] as string);
    if (kind === 'other') continue;
    const value = raw[i + 1];
    if (typeof value !== 'string') return undefined;
    if (kind === 'passed_on') passedOn = true;
    else if (kind === 'authorization' && authorization === undefined) authorization = value;
    else if (kind === ASSERTION_HEADER && assertion === undefined) assertion = value;
    else return undefined;
  }
  for (const name of Object.keys(headers)) {
    const kind = kindOf(name);
    if (kind === 'alias' || isIdentityHeader(kind)) return undefined;
  }
  if (ownHeader(headers, 'authorization') !== authorization) return undefined;
  if (ownHeader(headers, ASSERTION_HEADER) !== assertion) return undefined;
  return {
    authorization: authorization === undefined ? NO_LINES : [authorization],
    assertion: assertion === undefined ? NO_LINES : [assertion],
    identity: NO_IDENTITY,
    passedOn,
    isSettled: true,
  };
}

function ownHeader(headers: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(headers, name) ? headers[name] : undefined;
}

/** The same for a request of any kind. */
function readThoroughly(req: IncomingMessage): CredentialHeaders {
  const lines = new Map<Kind, (string | undefined)[]>();
  const add = (kind: Kind, value: unknown): void => {
    const text = typeof value === 'string' ? value : undefined;
    const values = lines.get(kind);
    if (values === undefined) lines.set(kind, [text]);
    else values.push(text);
  };
  const headers: Readonly<Record<string, unknown>> = req.headers;
  const raw = req.rawHeaders as readonly string[] | undefined;
  if (raw !== undefined && raw.length > 0) {
    for (let i = 0; i < raw.length; i += 2) {
      const kind = kindOf(raw[i] as string);
      if (kind !== 'other') add(kind, raw[i + 1]);
    }
    for (const name of CREDENTIALS) {
      const value = ownHeader(headers, name);
      const seen = lines.get(name);
      if (value === undefined) lines.delete(name);
      else if (seen === undefined || (seen.length === 1 && seen[0] !== value)) add(name, value);
    }
  } else {
    // A request that no Node server made (a serverless adapter, a test): its names may be in any case.
    for (const name of Object.keys(headers)) {
      const kind = kindOf(name);
      if (kind !== 'other' && headers[name] !== undefined) add(kind, headers[name]);
    }
  }
  const identity = new Map<IdentityHeader, readonly (string | undefined)[]>();
  for (const name of IDENTITY_HEADERS) {
    const values = lines.get(name);
    if (values !== undefined) identity.set(name, values);
  }
  return {
    authorization: lines.get('authorization') ?? [],
    assertion: lines.get(ASSERTION_HEADER) ?? [],
    identity,
    passedOn: lines.has('passed_on'),
    isSettled: false,
  };
}

/**
 * Makes the identity headers of a request say what was proven, everywhere that code may read them (`headers`, `rawHeaders`,
 * `headersDistinct`): headers that were there get the proven value, all others and every alias go.
 *
 * @param req - the request
 * @param proven - the proven identity; nobody's if undefined
 * @param alsoRemove - further names to remove, in lower case; their aliases go too
 */
export function settleIdentityHeaders(
  req: IncomingMessage,
  proven: IdentityHeaderValues | undefined,
  alsoRemove: readonly string[] = [],
): void {
  const raw = req.rawHeaders as string[] | undefined;
  let changed = false;
  for (let i = 0; i < (raw?.length ?? 0); i += 2) {
    const name = raw?.[i] as string;
    const kind = kindOf(name);
    if (kind === 'other' && alsoRemove.length === 0) continue;
    const value = isIdentityHeader(kind) ? proven?.[kind] : undefined;
    if (value !== undefined) {
      if (raw?.[i + 1] !== value) changed = true;
      (raw as string[])[i + 1] = value;
    } else if (isIdentityHeader(kind) || kind === 'alias' || alsoRemove.includes(canonicalHeaderName(name))) {
      (raw as string[])[i] = REMOVED;
      (raw as string[])[i + 1] = '';
      changed = true;
    }
  }
  const headers = req.headers as Record<string, unknown>;
  for (const name of Object.keys(headers)) {
    const kind = kindOf(name);
    if (kind === 'other' && alsoRemove.length === 0) continue;
    const value = isIdentityHeader(kind) ? proven?.[kind] : undefined;
    if (value !== undefined && name === kind) {
      headers[name] = value;
    } else if (isIdentityHeader(kind) || kind === 'alias' || alsoRemove.includes(canonicalHeaderName(name))) {
      Reflect.deleteProperty(headers, name);
      changed = true;
    }
  }
  if (changed && !(proven === undefined && willBuildDistinct(req))) settleDistinct(req, proven, alsoRemove);
}

function settleDistinct(
  req: IncomingMessage,
  proven: IdentityHeaderValues | undefined,
  alsoRemove: readonly string[],
): void {
  const distinct = req.headersDistinct as Record<string, string[]> | undefined;
  for (const name of Object.keys(distinct ?? {})) {
    const kind = kindOf(name);
    const value = isIdentityHeader(kind) && name === kind ? proven?.[kind] : undefined;
    if (value !== undefined) (distinct as Record<string, string[]>)[name] = [value];
    else if (isIdentityHeader(kind) || kind === 'alias' || alsoRemove.includes(canonicalHeaderName(name))) {
      Reflect.deleteProperty(distinct as object, name);
    }
  }
}
