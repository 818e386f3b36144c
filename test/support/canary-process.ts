import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordErrors, recordFileStreams, recordSecrets } from './canary-recorder.js';
import { createCanaryRegistry, type Leak } from './canary-registry.js';
import { renderings } from './canary-renderings.js';

/** What a watched process leaves behind, in the folder that `SERVICE_AUTH_CANARIES` names. Holds its secrets. */
export interface CanaryRecord {
  readonly secrets: readonly (readonly [text: string, label: string])[];
  /** What was found inside of the process; its output is read by who started it. */
  readonly leaks: readonly (Leak & { readonly channel: string })[];
  /** How many errors were rendered: none would prove nothing. */
  readonly errors: number;
}

/** The file of the record in that folder. */
export const RECORD_FILE = 'record.json';

/** Watches this process from now to its end. */
export function watchProcess(folder: string): { at(where: string): void; renderErrors(): void } {
  const registry = createCanaryRegistry();
  const leaks: (Leak & { channel: string })[] = [];
  const seen = new Set<string>();
  let waiting: Error[] = [];
  let errors = 0;
  let where = 'while loading';

  const look = (channel: string, text: string): void => {
    for (const leak of registry.leaksIn(text)) leaks.push({ ...leak, channel: `${channel}, seen in: ${where}` });
  };
  recordSecrets(registry, () => where);
  recordErrors((error) => waiting.push(error));
  recordFileStreams((text) => {
    look('a file stream', text);
  });

  const renderErrors = (): void => {
    for (const error of waiting) {
      // A hundred thousand refusals of one property test differ in nothing but their stacks.
      const { name, message, cause } = error;
      const isPlain = cause === undefined && name !== 'ServiceRequestError';
      if (isPlain && seen.has(`${name}: ${message}`)) continue;
      seen.add(`${name}: ${message}`);
      errors += 1;
      for (const [way, text] of Object.entries(renderings(error))) look(`${name}: ${way}`, text);
    }
    waiting = [];
  };

  process.once('exit', () => {
    renderErrors();
    const record: CanaryRecord = { secrets: registry.entries(), leaks, errors };
    writeFileSync(join(folder, RECORD_FILE), JSON.stringify(record), { mode: 0o600 });
  });
  return {
    at(place) {
      where = place;
    },
    renderErrors,
  };
}
