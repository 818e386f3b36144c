/** What a person sees of what a program writes: as much of a terminal as the program uses. */
export interface Screen {
  write(text: string): void;
  /** All lines, those that were scrolled out too, without spaces at their ends. */
  lines(): readonly string[];
}

const ESCAPE = '\u001b';
const PIECES = new RegExp(`${ESCAPE}\\[(\\d+)([AJ])|[^]`, 'gu');

/**
 * Makes a terminal. It fails at whatever it does not know, so that nothing is written that nobody has looked at.
 *
 * @param size - in characters
 */
export function createScreen({ columns, rows }: { readonly columns: number; readonly rows: number }): Screen {
  const lines: string[] = [''];
  let row = 0;
  let column = 0;
  const top = (): number => Math.max(0, lines.length - rows);
  const down = (): void => {
    row++;
    if (row === lines.length) lines.push('');
  };
  const put = (character: string): void => {
    if (column === columns) {
      down();
      column = 0;
    }
    const line = (lines[row] as string).padEnd(column);
    lines[row] = line.slice(0, column) + character + line.slice(column + 1);
    column++;
  };
  const obey = (count: string, what: string): void => {
    // What was scrolled out cannot be reached.
    if (what === 'A') row = Math.max(top(), row - Number(count));
    else {
      lines[row] = (lines[row] as string).slice(0, column);
      lines.length = row + 1;
    }
  };
  return {
    write(text) {
      for (const [piece, count, what] of text.matchAll(PIECES)) {
        if (what === 'A' || (what === 'J' && count === '0')) obey(String(count), what);
        else if (piece === '\r') column = 0;
        else if (piece === '\n') {
          // As a terminal driver sends it on: with a carriage return.
          down();
          column = 0;
        } else if (/^\P{C}$/u.test(piece)) put(piece);
        else throw new Error(`the terminal was sent ${JSON.stringify(piece)}`);
      }
    },
    lines: () => lines.map((line) => line.trimEnd()),
  };
}
