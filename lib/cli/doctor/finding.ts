import type { StepFinding } from './diagnosis.js';

/** A finding, and whether it is wrong without breaking the request. */
export type Finding = StepFinding & { readonly isBeside?: true | undefined };

export function passed(seen?: string): Finding {
  return seen === undefined ? { status: 'passed' } : { status: 'passed', seen };
}

export function failed(seen: string, remedy: string, code?: string): Finding {
  return { status: 'failed', seen, remedy, ...(code !== undefined && { code }) };
}

export function skipped(why: string): Finding {
  return { status: 'skipped', why };
}

/** It is wrong, and the request went its way all the same, or breaks for another reason. */
export function beside(finding: Finding): Finding {
  return { ...finding, isBeside: true };
}
