import { printable } from '../cli-io.js';

/** What says where services, token and ledger are: the next command needs the same. */
export interface PlaceOptions {
  readonly services?: string | undefined;
  readonly base?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly dangerouslyAllowPlainHttp?: true | undefined;
  readonly dir?: string | undefined;
  readonly redisPrefix?: string | undefined;
}

/** Writes the command line that goes on from here, as a shell takes it. */
export type NextCommand = (option: '--preview' | '--confirm' | '--resume', value?: string) => string;

/**
 * Makes it, for a tenant.
 *
 * @param options - of this command: what says where things are is repeated
 */
export function createNextCommand(tenantId: string, options: PlaceOptions): NextCommand {
  const places = [
    ...optionWords('--services', options.services),
    ...optionWords('--base', options.base),
    ...optionWords('--token-file', options.tokenFile),
    ...(options.dangerouslyAllowPlainHttp === true ? ['--dangerously-allow-plain-http'] : []),
    ...optionWords('--dir', options.dir),
    ...optionWords('--redis-prefix', options.redisPrefix),
  ];
  return (option, value) => {
    const asked = value === undefined ? [option] : optionWords(option, value);
    // After --, an id that begins with a dash is no option.
    const words = tenantId.startsWith('-')
      ? [...asked, ...places, '--', quoted(tenantId)]
      : [quoted(tenantId), ...asked, ...places];
    return ['service-auth delete-tenant', ...words].join(' ');
  };
}

function optionWords(option: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [option, quoted(value)];
}

/** A word as a shell takes it back; what no terminal shows, as its bytes (bash, zsh and ksh know this form). */
function quoted(text: string): string {
  if (/^[\w.@:%+=/-]+$/.test(text)) return text;
  const isShown = printable(text) === text;
  return isShown ? `'${text.replaceAll("'", String.raw`'\''`)}'` : `$'${text.replaceAll(/./gsu, ansiC)}'`;
}

function ansiC(character: string): string {
  if (character === "'" || character === '\\') return `\\${character}`;
  if (printable(character) === character) return character;
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
