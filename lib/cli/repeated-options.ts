import type { Command } from 'commander';

/** Commander takes the last of several: which of them was meant, nobody knows. */
export function refuseRepeatedOptions(command: Command): void {
  for (const option of command.options) {
    let isGiven = false;
    command.on(`option:${option.name()}`, () => {
      if (isGiven) command.error(`error: option '${String(option.long)}' is given twice`);
      isGiven = true;
    });
  }
}
