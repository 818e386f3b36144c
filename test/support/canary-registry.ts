/** So many characters of a secret in a row are a leak: fewer say little, and turn up by chance. */
export const PIECE_LENGTH = 20;

// A piece of 20 characters holds one of these blocks whole, wherever it begins: so it is enough to know the secret's blocks.
const BLOCK_LENGTH = PIECE_LENGTH / 2;

/** A piece of a secret in a text. The piece itself is left out: a report of leaks must not be one. */
export interface Leak {
  /** What the secret was, and where it was made; several where more than one has such a piece. */
  readonly label: string;
  readonly at: number;
  readonly length: number;
}

/** Knows secrets, and finds pieces of them. */
export interface CanaryRegistry {
  /** A text as it stands. */
  addText(text: string, label: string): void;
  /** The bytes of a key, in every way that they are written down in. */
  addBytes(bytes: Uint8Array, label: string): void;
  /**
   * A JWT: its payload and signature. Its header does not count: all tokens of one algorithm and key have the same, it holds no
   * secret, and documents quote it.
   */
  addToken(token: string, label: string): void;
  /** A PEM: what is between its first line and its last, line by line, as a JSON text shows it too. */
  addPem(pem: string, label: string): void;
  leaksIn(text: string): readonly Leak[];
  /** Every text that counts as a secret, with its label. */
  entries(): readonly (readonly [text: string, label: string])[];
}

interface Occurrence {
  /** What stands around the block in the secret: a piece reaches no further than this. */
  readonly before: string;
  readonly after: string;
  readonly label: string;
}

export function createCanaryRegistry(): CanaryRegistry {
  const known = new Map<string, string>();
  const blocks = new Map<string, Map<string, Occurrence>>();

  const addText = (text: string, label: string): void => {
    if (text.length < PIECE_LENGTH || known.has(text)) return;
    known.set(text, label);
    for (let i = 0; i + BLOCK_LENGTH <= text.length; i += BLOCK_LENGTH) {
      const block = text.slice(i, i + BLOCK_LENGTH);
      const before = text.slice(Math.max(0, i - BLOCK_LENGTH), i);
      const after = text.slice(i + BLOCK_LENGTH, i + 2 * BLOCK_LENGTH);
      const occurrences = blocks.get(block) ?? new Map<string, Occurrence>();
      blocks.set(block, occurrences);
      // Payloads of a thousand tokens begin alike: once is enough.
      if (!occurrences.has(`${before}.${after}`)) occurrences.set(`${before}.${after}`, { before, after, label });
    }
  };

  return {
    addText,
    addBytes(bytes, label) {
      const buffer = Buffer.from(bytes);
      for (const encoding of ['base64url', 'base64', 'hex'] as const) addText(buffer.toString(encoding), label);
      // A secret made of text. In other bytes no text would show it.
      const text = buffer.toString('latin1');
      if (/^[\x20-\x7e]+$/.test(text)) addText(text, label);
    },
    addToken(token, label) {
      for (const part of token.split('.').slice(1)) addText(part, label);
    },
    addPem(pem, label) {
      for (const line of pem.split('\n')) if (!line.startsWith('-----')) addText(line.trim(), label);
    },
    leaksIn(text) {
      const leaks: Leak[] = [];
      for (let at = 0; at + BLOCK_LENGTH <= text.length; at++) {
        const occurrences = blocks.get(text.slice(at, at + BLOCK_LENGTH));
        if (occurrences === undefined) continue;
        for (const occurrence of occurrences.values()) {
          const leak = leakAround(text, at, occurrence);
          if (leak !== undefined) addLeak(leaks, leak);
        }
      }
      return leaks;
    },
    entries: () => [...known],
  };
}

function leakAround(text: string, at: number, { before, after, label }: Occurrence): Leak | undefined {
  let start = at;
  for (let i = before.length - 1; i >= 0 && start > 0 && text[start - 1] === before[i]; i--) start--;
  let end = at + BLOCK_LENGTH;
  for (let i = 0; i < after.length && text[end] === after[i]; i++) end++;
  return end - start < PIECE_LENGTH ? undefined : { label, at: start, length: end - start };
}

/** Pieces that touch are one, of all that they may come from: tokens begin alike. */
function addLeak(leaks: Leak[], leak: Leak): void {
  const last = leaks.at(-1);
  if (last === undefined || leak.at > last.at + last.length) {
    leaks.push(leak);
    return;
  }
  const at = Math.min(last.at, leak.at);
  const length = Math.max(last.at + last.length, leak.at + leak.length) - at;
  const label = last.label.split(' + ').includes(leak.label) ? last.label : `${last.label} + ${leak.label}`;
  leaks.splice(-1, 1, { label, at, length });
}
