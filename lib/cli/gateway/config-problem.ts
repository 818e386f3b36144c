/** What is wrong with a configuration, and where. */
export interface ConfigProblem {
  /** From 1; undefined where the fault stands in no place of the file, as one of the environment. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** A sentence that names the setting (`routes./api/v1/orders.url`), what is wrong with it and what to do; without any value of the file. */
  readonly message: string;
}

/** Sets a problem as compilers do: file, line, column, message. */
export function problemInWords(file: string, { line, column, message }: ConfigProblem): string {
  return line === undefined ? `${file} ${message}` : `${file}:${String(line)}:${String(column)} ${message}`;
}

/** All that is wrong with a configuration, a line each. */
export function problemsInWords(file: string, problems: readonly ConfigProblem[]): string {
  const lines = problems.map((problem) => `  ${problemInWords(file, problem)}`);
  return [
    problems.length === 1 ? `${file} is wrong:` : `${file} has ${String(problems.length)} mistakes:`,
    ...lines,
  ].join('\n');
}

/** By what the parser calls it. Its own messages quote what stands there, which may be a secret. */
const SYNTAX: Readonly<Record<string, string | undefined>> = {
  BAD_INDENT: 'Something here is not indented as what it belongs to.',
  BLOCK_AS_IMPLICIT_KEY: 'Two settings stand in one line, or a text with a colon without quotes.',
  BLOCK_IN_FLOW: 'A comma or a bracket is missing before this.',
  DUPLICATE_KEY: 'This name stands here for the second time. Remove one of them.',
  MISSING_CHAR: 'A quote, comma, colon or bracket is missing here.',
  MULTIPLE_DOCS: 'A second document begins here (---). There must be one.',
  TAB_AS_INDENT: 'A tab stands where YAML takes spaces only.',
  RESOURCE_EXHAUSTION: 'Too many brackets or lists stand in each other here.',
  BAD_ALIAS: 'This alias (*) is of nothing that stands before it. A text that begins with * or & needs quotes.',
};

/** Says what is wrong with the form of a YAML text. */
export function syntaxInWords(code: string): string {
  return SYNTAX[code] ?? 'What stands here does not fit to what stands before it.';
}

/**
 * Says that a bracket is not closed.
 *
 * @param openedAt - its line and column
 */
export function notClosed(bracket: '{' | '[', openedAt: string): string {
  return `The ${bracket} that was opened at ${openedAt} is not closed: its ${bracket === '{' ? '}' : ']'} is missing.`;
}
