import type { CliOutput } from '../cli-io.js';
import { table } from '../output.js';
import type { DeletionState, ServiceLine } from './deletion-state.js';
import { countInWords, durationInWords, statusInWords } from './deletion-words.js';
import { STOPPING } from './progress-line.js';

const BAR_WIDTH = 24;
const REDRAW_MS = 200;

/** A table that changes where it stands. */
export interface LiveTable {
  readonly draw: () => void;
  /** Takes it away for what `act` writes, and draws it again below that. */
  readonly aside: (act: () => void) => void;
  /** Takes it away. */
  readonly end: () => void;
}

/** Whether a terminal has room for it. */
export function hasRoom({ rows = 24 }: CliOutput, services: number): boolean {
  return rows > services + 4;
}

/** Draws the table of a run, and again several times a second while it goes on. */
export function createLiveTable(output: CliOutput, state: DeletionState): LiveTable {
  let height = 0;
  // From the first column: a terminal shows ^C where the cursor stands, and leaves it behind that.
  const erase = (): string => (height === 0 ? '' : `\r\u001B[${String(height)}A\u001B[0J`);
  const clear = (): void => {
    output.write(erase());
    height = 0;
  };
  const draw = (): void => {
    const lines = tableOf(state).map((line) => line.slice(0, (output.columns ?? 80) - 1));
    output.write(erase() + lines.map((line) => `${line}\n`).join(''));
    height = lines.length;
  };
  const timer = setInterval(draw, REDRAW_MS);
  timer.unref();
  return {
    draw,
    aside(act) {
      clear();
      act();
      draw();
    },
    end() {
      clearInterval(timer);
      clear();
    },
  };
}

/** The lines of the table: a bar, a line for each service, and why it stops. */
export function tableOf({ lines, stopping }: DeletionState, now: number = performance.now()): readonly string[] {
  const all = [...lines.values()];
  const reason = stopping();
  const done = all.filter(({ status }) => status === 'deleted' || status === 'already_gone').length;
  return [
    progressBar(done, all.length),
    ...table(
      ['service', 'state', 'records', 'requests', 'time'],
      all.map((line) => asRow(line, now)),
    ),
    ...(reason === undefined ? [] : [STOPPING[reason]]),
  ];
}

function asRow({ service, status, total, tries, since, until }: ServiceLine, now: number): readonly string[] {
  const ms = since === undefined ? undefined : Math.round((until ?? now) - since);
  return [service, statusInWords(status), countInWords(total), String(tries), durationInWords(ms)];
}

/** Such as `[############------------] 6 of 12 services done`. */
export function progressBar(done: number, all: number): string {
  const filled = Math.floor((done / all) * BAR_WIDTH);
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${String(done)} of ${String(all)} services done`;
}
