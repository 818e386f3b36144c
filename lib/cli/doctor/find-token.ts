import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readSetting } from '../../shared/settings.js';
import { type CliIo, printable } from '../cli-io.js';
import { readToken } from '../read-token.js';

/** The text that is to be a token, or why there is none. */
export type FoundToken =
  | {
      /** Where it is from: a variable, an option or standard input. */
      readonly source: string;
      /** As a client of ours takes it: of a file without the white space around it. */
      readonly text: string;
    }
  | { readonly source: string; readonly missing: string; readonly remedy: string };

const MINT = "'service-auth generate <service> > orders.token' makes one.";

/** Shorter than any secret, which may stand in the place of a path, and longer than most names. */
const MAX_SHOWN_PART = 31;

/**
 * Looks for the token where a client of ours does: the file that `--token-file` names (`-`: standard input), else `SERVICE_TOKEN_FILE`,
 * else `SERVICE_TOKEN`. Never throws.
 */
export async function findToken(io: CliIo, tokenFile: string | undefined): Promise<FoundToken> {
  if (tokenFile === '-') return fromStdin(io);
  if (tokenFile !== undefined) return fromFile(io, '--token-file', tokenFile);
  try {
    const path = readSetting('SERVICE_TOKEN_FILE', io.env);
    if (path !== undefined) return fromFile(io, 'SERVICE_TOKEN_FILE', path);
    const text = readSetting('SERVICE_TOKEN', io.env);
    if (text !== undefined) return { source: 'SERVICE_TOKEN', text };
  } catch (error) {
    return { source: 'the environment', missing: (error as Error).message, remedy: MINT };
  }
  return {
    source: 'the environment',
    missing: 'Neither SERVICE_TOKEN_FILE nor SERVICE_TOKEN is set, and --token-file names no file.',
    remedy: `Name the file of the token by SERVICE_TOKEN_FILE or --token-file, or set SERVICE_TOKEN. ${MINT}`,
  };
}

async function fromStdin(io: CliIo): Promise<FoundToken> {
  const source = 'standard input';
  try {
    return { source, text: await readToken(io, '-') };
  } catch (error) {
    return { source, missing: (error as Error).message, remedy: 'Pipe the token: --token-file - < orders.token' };
  }
}

function fromFile(io: CliIo, source: string, path: string): FoundToken {
  const name = path.split('/').some((part) => part.length > MAX_SHOWN_PART) ? 'a file' : printable(path);
  try {
    const text = readFileSync(resolve(io.cwd, path), 'utf8').trim();
    if (text !== '') return { source: `${source} (${name})`, text };
    return {
      source,
      missing: `${source} names ${name}, which is empty.`,
      remedy: `Write the token to the file. ${MINT}`,
    };
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    return {
      source,
      missing: `${source} names ${name}, which cannot be read (${code}).`,
      remedy: `Mount the secret there, or mend the path (${source}). ${MINT}`,
    };
  }
}
