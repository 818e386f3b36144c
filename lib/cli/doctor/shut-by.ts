import type { Diagnosis } from './diagnosis.js';

/**
 * Says what shuts a service to everybody but the gateway, which may be meant: it refuses connections (`refused`), or has no key of tokens
 * (`unproven`), but perhaps that of the gateway's assertions.
 *
 * @param direct - what was found on the way past the gateway
 * @returns undefined where that way is well, or anything else is wrong there: a guard that lets in anybody, other keys, a silent port
 */
export function shutBy(direct: Diagnosis): 'refused' | 'unproven' | undefined {
  const [first, ...others] = direct.steps.filter((step) => step.status === 'failed');
  if (first === undefined || others.length > 0) return undefined;
  if (first.id === 'connection') return first.code === 'ECONNREFUSED' ? 'refused' : undefined;
  return isUnproven(direct) ? 'unproven' : undefined;
}

/** Tells whether a service, asked past every gateway of ours, has no key for the token. */
export function isUnproven({ verdict, answer, steps }: Diagnosis): boolean {
  const isPast = !steps.some(({ id, status }) => id === 'gateway' && status === 'passed');
  return verdict?.step === 'trust' && answer?.code === 'unproven_identity' && isPast;
}
