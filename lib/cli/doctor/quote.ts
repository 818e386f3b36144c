import { redactText } from '../../shared/redact.js';

/** Shows a text that a server chose, without a piece of what must not be seen. */
export type Quote = (text: string) => string;

const MAX_SHOWN = 120;
/** Shorter pieces are no secret: `eyJhbGciOiJI` begins every token. */
const PIECE = 12;

/**
 * Makes what quotes foreign texts: at most 120 characters, and none of a text that holds 12 characters of the token in a row, whatever
 * stands between them. A server may send back what it got.
 *
 * @param secret - the token; undefined: there is none
 */
export function createQuote(secret: string | undefined): Quote {
  const pieces = new Set<string>();
  for (let i = 0; i + PIECE <= (secret ?? '').length; i++) pieces.add((secret as string).slice(i, i + PIECE));
  return (text) => {
    const shown = redactText(text);
    // What a token has no use for, and so may part it.
    const dense = text.replaceAll(/[^A-Za-z0-9_-]/g, '');
    for (const told of [shown, dense]) {
      for (let i = 0; i + PIECE <= told.length; i++) if (pieces.has(told.slice(i, i + PIECE))) return '[redacted]';
    }
    return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown;
  };
}
