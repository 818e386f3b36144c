/** The key by which a service knows a repeated request of one run. */
export function idempotencyKeyOf(runId: string, service: string): string {
  return `${runId}.${service}`;
}
