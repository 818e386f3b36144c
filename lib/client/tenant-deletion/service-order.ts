import { ConfigurationError } from '../../shared/errors.js';
import { isDone, type ServiceOutcome } from './outcome.js';

/** What decides when a service is asked. */
export interface OrderedService {
  readonly name: string;
  readonly after?: readonly string[] | undefined;
}

/**
 * Checks that every service can have its turn.
 *
 * @throws ConfigurationError where one waits for a service that is not there, or for itself
 */
export function checkOrder(services: readonly OrderedService[]): void {
  const names = new Set(services.map(({ name }) => name));
  for (const { name, after = [] } of services) {
    const missing = after.find((other) => !names.has(other));
    if (missing !== undefined) {
      throw new ConfigurationError('services', `let ${name} wait for ${missing}, which is not among them.`);
    }
  }
  const placed = new Set<string>();
  for (;;) {
    const next = services.filter(({ name, after = [] }) => !placed.has(name) && after.every((one) => placed.has(one)));
    if (next.length === 0) break;
    for (const { name } of next) placed.add(name);
  }
  const stuck = services.filter(({ name }) => !placed.has(name)).map(({ name }) => name);
  if (stuck.length > 0) {
    throw new ConfigurationError('services', `wait for each other in a circle: ${stuck.join(', ')}.`);
  }
}

/** Tells whether a service's turn has come: all that it waits for is done. */
export function isReady(
  { after = [] }: OrderedService,
  outcomeOf: (service: string) => ServiceOutcome | undefined,
): boolean {
  return after.every((other) => isDone(outcomeOf(other)));
}
