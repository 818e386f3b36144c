import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

// Under which Node keeps `headersDistinct` once somebody has asked for it; undefined where a runtime does that in another way.
const DISTINCT = symbolOfDistinct();

function symbolOfDistinct(): symbol | undefined {
  const message = new IncomingMessage(new Socket());
  const before = Object.getOwnPropertySymbols(message);
  Reflect.get(message, 'headersDistinct');
  return Object.getOwnPropertySymbols(message).find((symbol) => !before.includes(symbol));
}

/** Tells whether Node will build `headersDistinct`, of the raw lines as they are then, when it is asked for: of lines that are gone it has none. */
export function willBuildDistinct(req: IncomingMessage): boolean {
  if (!(req instanceof IncomingMessage) || DISTINCT === undefined || Object.hasOwn(req, 'headersDistinct'))
    return false;
  return (req as unknown as Record<symbol, unknown>)[DISTINCT] === undefined;
}
