/** One line of a table: what a person sees, and what decides whether it is as it should be. */
export interface Row {
  readonly cells: readonly (string | number)[];
  readonly expected: string;
  readonly got: string;
}

export interface Section {
  readonly heading: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

export interface Report {
  readonly text: string;
  /** Whether every line is as it should be. A section without lines shows nothing, so it is not. */
  readonly ok: boolean;
}

/** Lays out a section as a table with ✓ or ✗ at the end of each line, and what is wrong below a wrong one. */
export function report({ heading, columns, rows }: Section, colour = false): Report {
  const paint = (code: number, text: string): string => (colour ? `\u001B[${code}m${text}\u001B[0m` : text);
  const table = [columns, ...rows.map(({ cells }) => cells.map(String))];
  const widths = columns.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  const isNumeric = columns.map((_, column) => rows.every(({ cells }) => typeof cells[column] === 'number'));
  const layOut = (cells: readonly string[]): string =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? '';
        return isNumeric[column] === true ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ');

  const lines = rows.flatMap((row, index) => {
    const line = `  ${layOut(table[index + 1] ?? [])}`;
    if (isAsExpected(row)) return [`${line}  ${paint(GREEN, '✓')}`];
    return [`${line}  ${paint(RED, '✗')}`, paint(RED, `    expected ${row.expected}, got ${row.got}`)];
  });
  const text = [paint(BOLD, heading), '', `  ${paint(DIM, layOut(columns).trimEnd())}`, ...lines, ''].join('\n');
  return { text, ok: rows.length > 0 && rows.every(isAsExpected) };
}

function isAsExpected({ expected, got }: Row): boolean {
  return expected === got;
}

const BOLD = 1;
const DIM = 2;
const RED = 31;
const GREEN = 32;
