import { remember } from './remember.js';

const SECRET_NAME =
  /^(?:.*(?:authorization|cookies?|assertion|secret|password|passwd|passphrase|token|(?:secret|private|api|assertion|signing)[-_]?key)|jwt[-_]secret[-_]key.*|bearer)$/i;

// A JWT begins with the base64url of `{"`: at the beginning of a word or, since `%2F`, `%3D` and `\n` end in a letter, anywhere
// with the name of a header parameter after it (alg, typ, kid). The other parts are optional: a piece of a token is still a
// secret. And a dot that had to follow would cost a quadratic search in a text of many beginnings, which a stranger may send to
// be logged.
const TOKEN = /(?:\beyJ|eyJ(?=hbGci|0eXAi|raWQi))[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){0,2}/g;
const BEARER = /\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi;
const PEM = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

const REDACTED = '[redacted]';
const MAX_DEPTH = 8;

// What one of the three begins with. Most texts hold none of it, and are looked at once.
const SUSPECT = /eyJ|-----BEGIN|(?:bearer|basic)\s/i;

/** Removes whatever looks like a token, a bearer credential or a private key from a text. */
export function redactText(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return text.replaceAll(PEM, REDACTED).replaceAll(TOKEN, REDACTED).replaceAll(BEARER, `$1 ${REDACTED}`);
}

/**
 * Copies a value for a log: without what looks like a secret by its name (`authorization`, `…token`, `…secret`, `cookie`) or
 * by its form, errors as name, code, message and stack, at most 8 levels deep. Never throws, never changes the original.
 *
 * It cannot know a secret that looks like ordinary text under an ordinary name: do not log those.
 */
export function redact(value: unknown): unknown {
  return copy(value, 0, []);
}

// The same as SUSPECT, in JSON, which escapes line ends and tabs.
const SUSPECT_IN_JSON = /eyJ|-----BEGIN|(?:bearer|basic)[\s\\]/i;

/**
 * Renders flat fields in which nothing looks like a secret, with one look at the whole text: most lines of a log.
 *
 * @returns undefined where `redact()` has to look at them
 */
export function plainJson(fields: object): string | undefined {
  try {
    if (Object.getPrototypeOf(fields) !== Object.prototype || 'toJSON' in fields) return undefined;
    // A copy, as a getter may say something else the next time.
    const flat: Record<string, unknown> = {};
    for (const name of Object.keys(fields)) {
      const value = (fields as Readonly<Record<string, unknown>>)[name];
      if (!isFlat(value) || name === '__proto__' || (typeof value === 'string' && isSecretName(name))) return undefined;
      flat[name] = value;
    }
    const text = JSON.stringify(flat);
    return SUSPECT_IN_JSON.test(text) ? undefined : text;
  } catch {
    // A getter, or a trap of a proxy, threw.
    return undefined;
  }
}

function isFlat(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'undefined':
      return true;
    default:
      return value === null;
  }
}

/** @param above - what holds the value; the same list on the whole way */
function copy(value: unknown, depth: number, above: object[]): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value;
  if (above.includes(value)) return '[circular]';
  if (depth >= MAX_DEPTH) return '[too deep]';
  above.push(value);
  let result: unknown;
  try {
    result = copyObject(value, depth, above);
  } catch {
    // A trap of a proxy threw.
    result = '[unreadable]';
  }
  above.pop();
  return result;
}

function copyObject(value: object, depth: number, inside: object[]): unknown {
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${String(value.byteLength)} bytes]`;
  if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1, inside));
  if (value instanceof Set) return [...value].map((item) => copy(item, depth + 1, inside));
  if (value instanceof Map) {
    return [...value].map(([name, member]) => [
      copy(name, depth + 1, inside),
      copyMember(name, member, depth + 1, inside),
    ]);
  }
  const result: Record<string, unknown> = {};
  if (value instanceof Error) Object.assign(result, errorFields(value, depth, inside));
  for (const name of Object.keys(value)) {
    // Assigning `__proto__` would replace the copy's prototype.
    if (name === '__proto__' || Object.hasOwn(result, name)) continue;
    result[name] = copyMember(name, read(value, name), depth + 1, inside);
  }
  return result;
}

function copyMember(name: unknown, member: unknown, depth: number, above: object[]): unknown {
  const isSecret = typeof name === 'string' && isSecretCarrier(member) && isSecretName(name);
  return isSecret ? REDACTED : copy(member, depth, above);
}

const isSecretName = remember((name) => SECRET_NAME.test(name));

function errorFields(error: Error, depth: number, above: object[]): Record<string, unknown> {
  const names = ['name', 'message', 'stack', ...(error.cause === undefined ? [] : ['cause'])];
  return Object.fromEntries(names.map((name) => [name, copy(read(error, name), depth + 1, above)]));
}

/** Numbers and flags under a secret's name (`tokens: 3`) say nothing secret. */
function isSecretCarrier(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

function read(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return '[unreadable]';
  }
}
