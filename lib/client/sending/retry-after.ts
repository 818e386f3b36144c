// RFC 9110 §5.6.7: the form of today, and the two obsolete ones that a recipient must read.
const HTTP_DATES = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3): whole seconds, or an HTTP-date. Everything else is no value: `Number` and `Date`
 * would read `-1`, `1.5` and `5, 10` as something.
 *
 * @param value - the header's value
 * @param now - the time, in ms since 1970
 * @returns how long to wait, in ms, never negative; it may be infinite. Undefined where the value is none
 */
export function retryAfterMs(value: unknown, now: number): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  if (!HTTP_DATES.some((form) => form.test(value))) return undefined;
  // The asctime form names no zone, and is in GMT all the same.
  const date = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
