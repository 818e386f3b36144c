import { InvalidArgumentError } from 'commander';
import { isIdentityText, isScope } from '../shared/identity-text.js';
import { DAY_SECONDS, LAST_DATE_SECONDS } from '../shared/seconds.js';

const MAX_DAYS = 3650;

/** Reads `--days`: whole days, 1 to 3,650. */
export function parseDays(text: string): number {
  const days = wholeNumber(text);
  if (days === undefined || days < 1 || days > MAX_DAYS) {
    throw new InvalidArgumentError(`It must be a whole number of days from 1 to ${String(MAX_DAYS)}.`);
  }
  return days;
}

/** Reads `--expiring`: days or hours, such as `30d` or `12h`. In seconds. */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d+)([dh])$/.exec(text) ?? [];
  const count = amount === undefined ? undefined : wholeNumber(amount);
  if (count === undefined || count > MAX_DAYS * 24) {
    throw new InvalidArgumentError('It must be a number of days or hours, such as 30d or 12h.');
  }
  return count * (unit === 'd' ? DAY_SECONDS : 60 * 60);
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** Reads `--deadline`: seconds, minutes or hours, such as `90s`, `15m` or `2h`, at most 24 hours. In ms. */
export function parseTimeLimit(text: string): number {
  const [, amount = '', unit = ''] = /^([1-9]\d{0,5})([smh])$/.exec(text) ?? [];
  const ms = Number(amount) * (UNIT_MS[unit] ?? 0);
  if (ms === 0 || ms > DAY_SECONDS * 1000) {
    throw new InvalidArgumentError(
      'It must be a number of seconds, minutes or hours up to 24h, such as 90s, 15m or 2h.',
    );
  }
  return ms;
}

/** Reads a count, such as `--max-records`: a whole number from 0. */
export function parseCount(text: string): number {
  const count = wholeNumber(text);
  if (count === undefined) throw new InvalidArgumentError('It must be a whole number.');
  return count;
}

/** A moment as `--issued-before` names it: `now` is worked out when it is needed. */
export type Moment = 'now' | number;

/** Reads `--issued-before`: `now`, a time in ISO 8601 with its zone, or seconds since 1970. In seconds since 1970. */
export function parseMoment(text: string): Moment {
  if (text === 'now') return text;
  const seconds = wholeNumber(text) ?? isoSeconds(text);
  if (seconds === undefined || seconds < 1 || seconds > LAST_DATE_SECONDS) {
    throw new InvalidArgumentError(
      "It must be 'now', a time such as 2026-11-25T12:00:00Z, or seconds since 1970 such as 1795600000.",
    );
  }
  return seconds;
}

function isoSeconds(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : Math.ceil(milliseconds / 1000);
}

/** Reads `--scope`: words separated by single spaces (RFC 6749 §3.3). */
export function parseScope(text: string): string {
  if (isScope(text) && text !== '') return text;
  throw new InvalidArgumentError("It must be words separated by single spaces, such as 'tenant:delete tenant:read'.");
}

/** Reads `--audience`: names with commas between them. */
export function parseNames(text: string): readonly string[] {
  const names = text.split(',');
  if (names.every(isIdentityText) && names.length <= 32) return names;
  throw new InvalidArgumentError(
    'It must be a name, or several (32 at most) with commas and nothing else between them.',
  );
}

/** Reads `--namespace` and `--secret-name`: what Kubernetes takes for a name (RFC 1123 §2.1). */
export function parseKubernetesName(text: string): string {
  if (text.length <= 63 && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError('It must be lower-case letters, digits and dashes, at most 63.');
}

/** Decimal digits and nothing else: `1e3`, `0x10`, `1.5`, `-1` and digits of other scripts are none. */
function wholeNumber(text: string): number | undefined {
  return /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : undefined;
}
