import type { StepId } from '../../../../lib/cli/doctor/diagnosis.js';
import type { Stage } from './stage.js';

/** How the command is called before a fault. */
export interface Call {
  /** The URL that is asked, and the options beside it. */
  readonly args: readonly string[];
  /** Beside the keys, which are there by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The command is run as a process of its own, by a clock that is ahead by so much. */
  readonly clockAheadSeconds?: number;
}

/** A fault as operators make them, and what the doctor has to say of it. */
export interface Fault {
  /** Completes "names … when". */
  readonly title: string;
  /** Where it first breaks. */
  readonly step: StepId;
  /** What is said of it. */
  readonly seen?: RegExp;
  /** What mends it. */
  readonly remedy: RegExp;
  /** Programs without which it cannot be made. */
  readonly needs?: readonly string[];
  /** Makes it; the same without the one defect where `isBroken` is false. */
  readonly make: (stage: Stage, isBroken: boolean) => Promise<Call>;
}

/** The environment of a client that has a token. */
export function withToken(token: string): Readonly<Record<string, string>> {
  return { SERVICE_TOKEN: token };
}
