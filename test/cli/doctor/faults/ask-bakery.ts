import { type Bakery, type BakeryFlaws, openBakery, PREFIX, PREVIEW } from './bakery.js';
import { type Call, withToken } from './fault.js';
import type { Stage } from './stage.js';

/** Which of its two doors is asked. */
type Way = keyof Bakery;

/** Asks a bakery, with a good token, for the preview. */
export const flawed =
  (flaws: (stage: Stage) => BakeryFlaws | Promise<BakeryFlaws>, way: Way = 'gatewayUrl') =>
  async (stage: Stage, isBroken: boolean): Promise<Call> => {
    const bakery = await openBakery(stage, isBroken ? await flaws(stage) : {});
    return { args: [bakery[way] + PREVIEW], env: withToken(stage.mint()) };
  };

/** Asks a sound bakery for an endpoint that lets nobody in, or fails, or is not there. */
export const endpoint =
  (path: string, way: Way = 'gatewayUrl', ...options: readonly string[]) =>
  async (stage: Stage, isBroken: boolean): Promise<Call> => {
    const bakery = await openBakery(stage);
    const url = `${bakery[way]}${PREFIX}${isBroken ? path : '/services'}`;
    return { args: [url, ...options], env: withToken(stage.mint()) };
  };

/** Asks the gateway with this token. */
export async function askWith(stage: Stage, token: string, call: Partial<Call> = {}): Promise<Call> {
  const { gatewayUrl } = await openBakery(stage);
  return { args: [gatewayUrl + PREVIEW], env: withToken(token), ...call };
}
