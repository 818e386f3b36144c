import { loadedMint, type Mint } from '../../shared/loaded-mint.js';

/** Where what mints comes from. */
export interface LateMint {
  /** It, where it is there. */
  readonly loaded: () => Mint | undefined;
  /** Has it loaded. */
  readonly load: () => Promise<Mint>;
}

/** What mints, loaded by whoever needs it first. */
export const LATE_MINT: LateMint = {
  loaded: loadedMint,
  load: async () => (await import('../../shared/service-token.js')).createServiceToken,
};
