import { DAY_SECONDS, LAST_DATE_SECONDS } from '../shared/seconds.js';
import type { CliIo } from './cli-io.js';

// What JSON leaves as it is, and terminals obey: 8-bit controls, and what turns round or hides what stands beside it.
const OBEYED = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Sets a result as JSON that a terminal shows and does nothing else with. */
export function inJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return `${text.replaceAll(OBEYED, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}

/** Prints the result for a program: JSON. */
export function printJson(io: CliIo, value: unknown): void {
  io.stdout.write(inJson(value));
}

/** Prints lines of the result. */
export function print(io: CliIo, ...lines: readonly string[]): void {
  io.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Says something to the person: on a terminal below the result, else beside it. */
export function say(io: CliIo, ...lines: readonly string[]): void {
  (io.stdout.isTTY === true ? io.stdout : io.stderr).write(lines.map((line) => `${line}\n`).join(''));
}

/**
 * Sets rows in columns.
 *
 * @param head - what the columns are called
 * @param rows - their cells, already printable
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [head.map((title) => title.toUpperCase()), ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] as string).length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('  ')
      .trimEnd(),
  );
}

/** Sets facts below each other: name, value; those without a value are left out. */
export function facts(pairs: readonly (readonly [name: string, value: string | undefined])[]): readonly string[] {
  const there = pairs.filter(([, value]) => value !== undefined);
  const width = Math.max(...there.map(([name]) => name.length));
  return there.map(([name, value]) => `  ${name.padEnd(width)}  ${String(value)}`);
}

/** A moment in seconds since 1970, in ISO 8601 to the second; at the latest the end of the year 9999. */
export function isoTime(seconds: number): string {
  return new Date(Math.min(seconds, LAST_DATE_SECONDS) * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** How many days are left until a moment, rounded; negative after it. */
export function daysLeft(seconds: number): number {
  return Math.round((seconds - Date.now() / 1000) / DAY_SECONDS);
}

/** How long until a moment, in words. */
export function untilThen(seconds: number): string {
  const left = seconds - Date.now() / 1000;
  if (left < 0) return 'it has passed';
  const [count, unit] =
    left >= 2 * DAY_SECONDS
      ? [Math.round(left / DAY_SECONDS), 'days']
      : left >= 2 * 60 * 60
        ? [Math.round(left / 3600), 'hours']
        : [Math.max(1, Math.round(left / 60)), 'minutes'];
  return `in ${String(count)} ${count === 1 ? unit.slice(0, -1) : unit}`;
}
