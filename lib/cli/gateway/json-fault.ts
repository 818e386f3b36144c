import { notClosed } from './config-problem.js';

/** The first fault in the form of a text. */
export interface FormFault {
  readonly offset: number;
  /** A sentence. */
  readonly message: string;
}

type Kind = '{' | '}' | '[' | ']' | ',' | ':' | 'text' | 'plain' | 'end' | 'unknown';

/** What may stand next; `name?` and `value?`: or the bracket that closes what was just opened. */
type Wanted = 'value' | 'value?' | 'name' | 'name?' | 'colon' | 'rest of {' | 'rest of [' | 'end';

type Step = Wanted | 'open' | 'close' | 'rest';

const VALUE = { '{': 'open', '[': 'open', text: 'rest', plain: 'rest' } as const;
const STEPS: Readonly<Record<Wanted, Readonly<Partial<Record<Kind, Step>>>>> = {
  value: VALUE,
  'value?': { ...VALUE, ']': 'close' },
  name: { text: 'colon' },
  'name?': { text: 'colon', '}': 'close' },
  colon: { ':': 'value' },
  'rest of {': { ',': 'name', '}': 'close' },
  'rest of [': { ',': 'value', ']': 'close' },
  end: {},
};

const MISSING: Readonly<Record<Wanted, string>> = {
  value: 'A value belongs here: a text in double quotes, a number, true, false, null, or what { or [ opens.',
  'value?': 'A value belongs here: a text in double quotes, a number, true, false, null, or what { or [ opens.',
  name: 'A name in double quotes belongs here.',
  'name?': 'A name in double quotes belongs here.',
  colon: 'A colon is missing before this.',
  'rest of {': 'A comma is missing before this.',
  'rest of [': 'A comma is missing before this.',
  end: 'The file goes on here after its end.',
};

/** Of what is no part of JSON, by its first character. */
const DEFECTS: Readonly<Record<string, string | undefined>> = {
  '"': 'A text in quotes is not closed in its line, or holds a tab or an escape that JSON does not know.',
  '/': 'JSON has no comments. Remove this one.',
  '#': 'JSON has no comments. Remove this one.',
};

/**
 * Finds what keeps a text from being JSON (RFC 8259). `JSON.parse` tells no place or one that depends on the version of Node, and its
 * message quotes what stands there, which may be a secret.
 *
 * @param placeOf - line and column of an offset, as messages show them
 * @returns undefined where the text is JSON
 */
export function jsonFault(text: string, placeOf: (offset: number) => string): FormFault | undefined {
  const open: { readonly bracket: '{' | '['; readonly offset: number }[] = [];
  let wanted: Wanted = 'value';
  let part = partAt(text, 0);
  for (let before = part; wanted !== 'end' || part.kind !== 'end'; before = part, part = partAt(text, part.end)) {
    const { kind, offset } = part;
    const inner = open.at(-1);
    const step: Step | undefined = STEPS[wanted][kind];
    if (step === undefined) {
      const isClosing = kind === 'end' || kind === '}' || kind === ']';
      if (isClosing && inner !== undefined && kind !== CLOSED_BY[inner.bracket])
        return { offset, message: notClosed(inner.bracket, placeOf(inner.offset)) };
      if (isClosing && before.kind === ',')
        return { offset: before.offset, message: 'Nothing follows this comma. Remove it.' };
      const defect = kind === 'unknown' ? DEFECTS[text.charAt(offset)] : undefined;
      return { offset, message: defect ?? MISSING[wanted] };
    }
    if (kind === '{' || kind === '[') {
      open.push({ bracket: kind, offset });
      wanted = kind === '{' ? 'name?' : 'value?';
    } else {
      if (step === 'close') open.pop();
      wanted = step === 'close' || step === 'rest' ? restOf(open.at(-1)?.bracket) : (step as Wanted);
    }
  }
  return undefined;
}

const CLOSED_BY = { '{': '}', '[': ']' } as const;

function restOf(bracket: '{' | '[' | undefined): Wanted {
  return bracket === undefined ? 'end' : `rest of ${bracket}`;
}

interface Part {
  readonly kind: Kind;
  readonly offset: number;
  readonly end: number;
}

const SPACE = /[ \t\r\n]*/y;
// Between the quotes: no control character, no quote and no backslash but one that begins an escape.
const TEXT = /"[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[ !#-[\]-\uffff]*)*"/y;
const PLAIN = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

function partAt(text: string, from: number): Part {
  const offset = endOf(SPACE, text, from) as number;
  const sign = text.charAt(offset);
  if (sign === '') return { kind: 'end', offset, end: offset };
  if ('{}[],:'.includes(sign)) return { kind: sign as Kind, offset, end: offset + 1 };
  const end = endOf(sign === '"' ? TEXT : PLAIN, text, offset);
  if (end === undefined) return { kind: 'unknown', offset, end: offset };
  return { kind: sign === '"' ? 'text' : 'plain', offset, end };
}

function endOf(pattern: RegExp, text: string, from: number): number | undefined {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
