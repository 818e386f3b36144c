import { isAlias, LineCounter, parseDocument, type Document } from 'yaml';
import { type ConfigNode, createConfigNode } from './config-node.js';
import { type ConfigProblem, syntaxInWords } from './config-problem.js';

/** A configuration as a text with places, and what was found wrong with it so far. */
export interface ConfigDocument {
  readonly root: ConfigNode;
  /** In the order of the file; grows while the document is read. */
  readonly problems: () => readonly ConfigProblem[];
}

/**
 * Parses YAML 1.2, or JSON, by the one parser that tells places.
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
  // Its warnings are of tags, which the readers of values see to; a process's stderr is no place for them.
  const document: Document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  // What follows a fault is understood wrongly, and would be a list of riddles.
  const [fault] = document.errors;
  if (fault !== undefined) complain(fault.pos[0], syntaxInWords(fault.code, format));
  else if (format === 'JSON' && !isJson(text))
    complain(0, 'The file is YAML and no JSON. Let its name end in .yaml, or write it as JSON.');
  const resolve = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  return {
    root: createConfigNode('', document.contents ?? undefined, document.contents?.range?.[0] ?? 0, resolve, complain),
    problems: () => problems.toSorted((a, b) => a.offset - b.offset),
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
