import type { Environment } from '../shared/settings.js';

/** Everything that a command touches outside of itself; tests give other ones. */
export interface CliIo {
  readonly stdin: AsyncIterable<string | Uint8Array> & { readonly isTTY?: boolean | undefined };
  readonly stdout: CliOutput;
  /** Words for people, where stdout is not a terminal. */
  readonly stderr: CliOutput;
  readonly env: Environment;
  /** What relative paths are relative to. */
  readonly cwd: string;
}

/** A stream that a command writes to. */
export interface CliOutput {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

// Control and format characters, of which some move the cursor, colour or turn round what stands beside them (ESC, CVE-2021-42574),
// lone surrogates, and every space but the usual one.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu;

/** Writes a text that somebody else chose so that a terminal shows it and does nothing else. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}

/** The same for a text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
