import type { Logger } from '../shared/log.js';

const nothing = (): void => undefined;

/** Writes nothing. */
export const QUIET_LOGGER: Logger = Object.freeze({ debug: nothing, info: nothing, warn: nothing, error: nothing });
