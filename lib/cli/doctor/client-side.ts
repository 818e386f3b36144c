import type { KeyRing } from '../../shared/key-ring.js';
import type { RevocationList } from '../../shared/revocation.js';
import type { Environment } from '../../shared/settings.js';
import { readKeys } from '../cli-keys.js';
import type { CliIo } from '../cli-io.js';
import { revocationListOf } from '../mint.js';
import { withStore } from '../store/open-store.js';
import type { StoreOptions } from '../store/store-place.js';
import { findToken, type FoundToken } from './find-token.js';
import { createQuote, type Quote } from './quote.js';
import { readUnproven } from './read-unproven.js';

/** What is here, on the client's side, before anything is asked. */
export interface ClientSide {
  readonly env: Environment;
  readonly found: FoundToken;
  /** The token taken apart, or why it cannot be; undefined: there is none. */
  readonly read: ReturnType<typeof readUnproven> | undefined;
  /** The keys of tokens; undefined: there are none here. */
  readonly keys: KeyRing | undefined;
  /** Why there are none, where some were meant. */
  readonly keysError: string | undefined;
  /** What is revoked, or why nobody here knows. */
  readonly revocations: RevocationList | string;
  readonly quote: Quote;
}

/** Where a client has its things, as options say it. */
export interface ClientOptions extends StoreOptions {
  readonly tokenFile?: string | undefined;
  readonly keys?: string | undefined;
}

/** Reads what is here. What is missing or broken is told, and never thrown. */
export async function readClientSide(io: CliIo, options: ClientOptions): Promise<ClientSide> {
  const found = await findToken(io, options.tokenFile);
  const text = 'text' in found ? found.text : undefined;
  return {
    env: io.env,
    found,
    read: text === undefined ? undefined : readUnproven(text),
    ...findKeys(io, options.keys),
    revocations: await findRevocations(io, options),
    quote: createQuote(text),
  };
}

/** The token, if a client of ours would send it. */
export function sendableToken({ read }: ClientSide): string | undefined {
  return read === undefined || 'reason' in read ? undefined : read.text;
}

const OF_KEYS = ['JWT_KEYS_FILE', 'JWT_SECRET_KEY', 'JWT_SECRET_KEY_PREVIOUS'];

function findKeys(io: CliIo, path: string | undefined): Pick<ClientSide, 'keys' | 'keysError'> {
  const areThere = path !== undefined || OF_KEYS.some((name) => io.env[name] !== undefined);
  if (!areThere) return { keys: undefined, keysError: undefined };
  try {
    return { keys: readKeys(io, path), keysError: undefined };
  } catch (error) {
    return { keys: undefined, keysError: (error as Error).message };
  }
}

async function findRevocations(io: CliIo, options: ClientOptions): Promise<RevocationList | string> {
  try {
    return await withStore(io, options, async (store) => {
      const missing = store.missingAt();
      if (missing === undefined) return revocationListOf(await store.revocations());
      return `There is no list of revocations here (${missing}); --dir or REDIS_URL would name one.`;
    });
  } catch (error) {
    return `The revocations cannot be read: ${(error as Error).message}`;
  }
}
