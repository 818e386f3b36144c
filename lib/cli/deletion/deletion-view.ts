import type { DeletionProgress } from '../../client/tenant-deletion/deletion-progress.js';
import { type CliIo, printable } from '../cli-io.js';
import { createDeletionState } from './deletion-state.js';
import { createLiveTable, hasRoom, type LiveTable } from './live-table.js';
import { progressLine } from './progress-line.js';

/** What a person sees of a run that goes on. */
export interface DeletionView {
  readonly show: (event: DeletionProgress) => void;
  /** Warns of something that is no event of the run. */
  readonly warn: (message: string) => void;
  readonly end: () => void;
}

/**
 * Shows a run: on a terminal a table that changes in its place, else a line for each thing that happens, on stderr.
 *
 * @param resumeCommand - makes the command line that goes on with a run
 * @param isQuiet - whether stdout is for a program
 */
export function createDeletionView(
  io: CliIo,
  resumeCommand: (runId: string) => string,
  isQuiet: boolean,
): DeletionView {
  const state = createDeletionState();
  const isTerminal = io.stdout.isTTY === true && !isQuiet;
  const output = isTerminal ? io.stdout : io.stderr;
  let live: LiveTable | undefined;
  return {
    show(event) {
      state.apply(event);
      if (event.type === 'run_started') {
        // Known before anything is sent: whatever happens, it can be gone on with.
        output.write(
          `Run ${event.runId} of tenant ${printable(event.tenantId)}. To go on with it: ${resumeCommand(event.runId)}\n`,
        );
        if (isTerminal && hasRoom(io.stdout, state.lines.size)) live = createLiveTable(output, state);
      }
      if (live !== undefined) live.draw();
      else {
        const line = progressLine(event);
        if (line !== undefined) output.write(`${line}\n`);
      }
    },
    warn(message) {
      const write = (): void => {
        io.stderr.write(`Warning: ${printable(message)}\n`);
      };
      if (live === undefined) write();
      else live.aside(write);
    },
    end() {
      live?.end();
      live = undefined;
    },
  };
}
