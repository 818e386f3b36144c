import type { CreateServiceTokenOptions } from './service-token-claims.js';

/** As `createServiceToken`. */
export type Mint = (service: string, options: CreateServiceTokenOptions) => string;

let loaded: Mint | undefined;

/**
 * Called by what mints, once it is loaded: it needs jsonwebtoken, for which not everyone shall wait who imports the client.
 */
export function provideMint(mint: Mint): void {
  loaded = mint;
}

/** What mints tokens, where something has loaded it. */
export function loadedMint(): Mint | undefined {
  return loaded;
}
