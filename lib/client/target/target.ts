import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.js';
import { createRetryBudget, type RetryBudget } from './retry-budget.js';

/** What all clients of the process know of one origin. */
export interface Target {
  readonly origin: string;
  readonly budget: RetryBudget;
  readonly breaker: CircuitBreaker;
}

// A client without a base may be given any number of origins.
const MAX_TARGETS = 1000;

// Behind Symbol.for: two copies of this package share it.
const TARGETS = Symbol.for('service-auth.targets');

function targets(): Map<string, Target> {
  const registry = globalThis as Record<symbol, Map<string, Target> | undefined>;
  return (registry[TARGETS] ??= new Map<string, Target>());
}

/** Finds what is known of an origin; the least recently used is forgotten beyond 1,000 of them. */
export function targetOf(origin: string): Target {
  const known = targets();
  const target = known.get(origin) ?? { origin, budget: createRetryBudget(), breaker: createCircuitBreaker() };
  known.delete(origin);
  known.set(origin, target);
  if (known.size > MAX_TARGETS) known.delete(known.keys().next().value as string);
  return target;
}
