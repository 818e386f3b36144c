import { Lexer, LineCounter, parseDocument, type Document } from 'yaml';
import { type ConfigNode, createConfigNode } from './config-node.js';
import { type ConfigProblem, notClosed, syntaxInWords } from './config-problem.js';
import { type FormFault, jsonFault } from './json-fault.js';
import { MAX_ALIASED, surveyDocument } from './survey.js';
import { unclosedBracket } from './unclosed-bracket.js';

/** A configuration as a text with places, and what was found wrong with it so far. */
export interface ConfigDocument {
  readonly root: ConfigNode;
  /** In the order of the file; grows while the document is read. */
  readonly problems: () => readonly ConfigProblem[];
}

/** Names, values, signs and the space between them: that many take the parser about a second, and are thousands of routes. */
const MAX_PARTS = 100_000;

/**
 * Parses YAML 1.2, or JSON, by the one parser that tells places. Takes a second or so of any text: one that would take longer is a problem.
 *
 * @param format - JSON: what is YAML only is a problem
 */
export function parseConfigDocument(text: string, format: 'YAML' | 'JSON'): ConfigDocument {
  const lines = new LineCounter();
  const problems: (ConfigProblem & { readonly offset: number })[] = [];
  const complain = (offset: number, message: string): void => {
    const { line, col } = lines.linePos(offset);
    problems.push({ line, column: col, message, offset });
  };
  const placeOf = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${String(line)}:${String(col)}`;
  };
  const isTooLong = hasMoreParts(text, MAX_PARTS);
  if (isTooLong) problems.push(TOO_LONG);
  // Its warnings are of tags, which the readers of values see to; a process's stderr is no place for them.
  const options = { lineCounter: lines, prettyErrors: false, logLevel: 'error', uniqueKeys: false } as const;
  const document: Document = parseDocument(isTooLong ? '' : text, options);
  const { resolve, duplicate, excess } = surveyDocument(document);
  const fault = isTooLong ? undefined : formFault(text, format, document, placeOf);
  // What follows a fault is understood wrongly, and would be a list of riddles.
  if (fault !== undefined) complain(fault.offset, fault.message);
  else if (duplicate !== undefined) complain(duplicate, noValid(format, syntaxInWords('DUPLICATE_KEY')));
  else if (excess !== undefined) complain(excess, TOO_MUCH_ALIASED);
  return {
    root: createConfigNode('', document.contents ?? undefined, document.contents?.range?.[0] ?? 0, resolve, complain),
    problems: () => problems.toSorted((a, b) => a.offset - b.offset),
  };
}

const TOO_LONG = {
  ...{ line: undefined, column: undefined, offset: 0 },
  message: `The configuration is too long: it has more than ${MAX_PARTS.toLocaleString('en')} names, values and signs.`,
};

const TOO_MUCH_ALIASED = `The aliases (*) up to this one stand for more than ${MAX_ALIASED.toLocaleString('en')} values. Use fewer.`;

function hasMoreParts(text: string, most: number): boolean {
  let parts = 0;
  for (const _part of new Lexer().lex(text)) if (++parts > most) return true;
  return false;
}

/** What keeps the text from being of its format. */
function formFault(
  text: string,
  format: 'YAML' | 'JSON',
  { errors: [error] }: Document,
  placeOf: (offset: number) => string,
): FormFault | undefined {
  // That nothing is there is told by who looks for something.
  const inJson = format === 'JSON' && text !== '' ? jsonFault(text, placeOf) : undefined;
  if (inJson !== undefined) {
    if (error === undefined && !/^[[{/]/.test(text)) return IS_YAML;
    return { offset: inJson.offset, message: noValid(format, inJson.message) };
  }
  if (error === undefined) return undefined;
  const [offset] = error.pos;
  // A quote that is not closed takes the brackets behind it for its text.
  const unclosed = error.message.includes('quote') ? undefined : unclosedBracket(text);
  if (unclosed === undefined || unclosed.opened > offset)
    return { offset, message: noValid(format, syntaxInWords(error.code)) };
  const { bracket, opened, noticed } = unclosed;
  return { offset: noticed, message: noValid(format, notClosed(bracket, placeOf(opened))) };
}

const IS_YAML: FormFault = {
  offset: 0,
  message: 'The file is YAML and no JSON. Let its name end in .yaml, or write it as JSON.',
};

function noValid(format: 'YAML' | 'JSON', message: string): string {
  return `${message} The file is no valid ${format}.`;
}
