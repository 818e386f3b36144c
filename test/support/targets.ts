/** Forgets what clients have learnt of their targets in earlier tests; by the symbol, for every copy of the package. */
export function forgetTargets(): void {
  const registry = globalThis as Record<symbol, Map<string, unknown> | undefined>;
  registry[Symbol.for('service-auth.targets')]?.clear();
}
