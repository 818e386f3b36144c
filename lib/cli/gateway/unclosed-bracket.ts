import { Lexer } from 'yaml';

/** A bracket of YAML's that is not closed. */
export interface UnclosedBracket {
  readonly bracket: '{' | '[';
  /** Where it stands. */
  readonly opened: number;
  /** Where it is clear that nothing closes it. */
  readonly noticed: number;
}

/** Signs of the lexer's for itself, which stand for nothing in the text (`CST.BOM` is one that does). */
const DOCUMENT = '\u0002';
const FLOW_ERROR_END = '\u0018';
const SCALAR = '\u001f';

/** Finds the first bracket of a text in YAML that is not closed, or closed by one of the other kind. */
export function unclosedBracket(text: string): UnclosedBracket | undefined {
  const open: Pick<UnclosedBracket, 'bracket' | 'opened'>[] = [];
  let offset = 0;
  let isScalar = false;
  for (const part of new Lexer().lex(text)) {
    const inner = open.at(-1);
    if (part === FLOW_ERROR_END && inner !== undefined) return { ...inner, noticed: offset };
    if (!isScalar && (part === '{' || part === '[')) open.push({ bracket: part, opened: offset });
    if (!isScalar && inner !== undefined && (part === '}' || part === ']')) {
      if (part !== (inner.bracket === '{' ? '}' : ']')) return { ...inner, noticed: offset };
      open.pop();
    }
    isScalar = part === SCALAR;
    if (part !== DOCUMENT && !isScalar && part !== FLOW_ERROR_END) offset += part.length;
  }
  const inner = open.at(-1);
  return inner && { ...inner, noticed: offset };
}
