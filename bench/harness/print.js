/**
 * Lays out a table: the first column to the left, numbers to the right.
 *
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} lines
 */
export function layOut(head, lines) {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => (line[column] ?? '').length)),
  );
  const draw = (cells) =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? '';
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return [draw(head), widths.map((width) => '-'.repeat(width)).join('  '), ...lines.map(draw)].join('\n');
}

/**
 * A number with as many digits as it deserves.
 *
 * @param {number} value
 * @returns {string} `–` where there is none
 */
export function figure(value) {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
