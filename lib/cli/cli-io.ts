import type { CreateLoggerOptions } from '../shared/log.js';
import type { Environment } from '../shared/settings.js';

/** Everything that a command touches outside of itself; tests give other ones. */
export interface CliIo {
  readonly stdin: AsyncIterable<string | Uint8Array> & { readonly isTTY?: boolean | undefined };
  readonly stdout: CliOutput;
  /** Warnings and errors; and words for people, where stdout is not a terminal. */
  readonly stderr: CliOutput;
  readonly env: Environment;
  /** What relative paths are relative to. */
  readonly cwd: string;
  /**
   * Calls once when the person (Ctrl-C) or the system wants the process to end; a second time ends it at once.
   *
   * @returns what ends the listening
   */
  readonly onInterrupt?: ((listener: () => void) => () => void) | undefined;
  /**
   * Calls at every signal of a server's life: SIGHUP, SIGTERM and SIGINT, which from then on do nothing else, up to the end of the
   * process: one that comes late does not change its exit code.
   */
  readonly onSignal?: ((listener: (signal: ServerSignal) => void) => void) | undefined;
  /** Where a server's log goes. Default: that of `createLogger()`, stdout. */
  readonly logTransports?: CreateLoggerOptions['transports'];
}

/** What a server is told by the system. */
export type ServerSignal = 'SIGHUP' | 'SIGINT' | 'SIGTERM';

/** A stream that a command writes to. */
export interface CliOutput {
  readonly isTTY?: boolean | undefined;
  /** The mode of the file that it goes to; undefined where it goes to none. */
  readonly fileMode?: number | undefined;
  /** How large the terminal is, in characters. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
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

/** Longer than any name of ours: it may be a secret that was typed in the wrong place, and errors are kept and mailed. */
const MAX_SHOWN = 30;

/** What was typed, for a message; not where it may be a secret. */
export function shownArgument(text: string): string {
  return text.length <= MAX_SHOWN ? `'${printable(text)}'` : 'What was given';
}

/** Takes out of a message of the parser what may be a secret: it quotes what was typed. */
export function withoutLongQuotes(text: string): string {
  return text.replaceAll(/'[^']{31,}'/g, "'…'");
}
