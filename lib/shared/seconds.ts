/** The seconds of a day. */
export const DAY_SECONDS: number = 24 * 60 * 60;

/** The longest that `setTimeout` can wait, in ms; more would be 1. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;

/** The end of the year 9999, in seconds since 1970: as good as for ever, and still a date of ISO 8601. */
export const LAST_DATE_SECONDS: number = 253_402_300_799;
