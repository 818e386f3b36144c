import { randomUUID } from 'node:crypto';
import { isOurs, showsGateway } from './answer-meaning.js';
import type { WayEvidence } from './evidence.js';
import { openConnection } from './open-connection.js';
import { portOf } from './port-of.js';
import { type Answer, probe, type ProbeResult } from './probe.js';
import { timeLimit } from './time-limit.js';

/** What is asked. */
export interface WayQuestion {
  readonly url: URL;
  /** Undefined: there is none that could be sent. */
  readonly token: string | undefined;
  /** For each question, in ms. */
  readonly timeoutMs: number;
  readonly ca: string | undefined;
}

/** Asks on one way: without the token, with it, and where it is not clear by then, whether there is a gateway. GET alone is sent. */
export async function askWay({ url, token, timeoutMs, ca }: WayQuestion): Promise<WayEvidence> {
  const requestId = `doctor-${randomUUID()}`;
  const ask = (to: URL, withToken?: string): Promise<ProbeResult> =>
    probe({ url: to, token: withToken, requestId, timeoutMs, ca });
  const bare = await ask(url);
  const way = { url, timeoutMs, requestId, bare, authed: undefined, isGatewayThere: undefined };
  // The token does not go to a port that is not what the URL says, nor is a server asked twice that is silent.
  const isOtherwise = await speaksOtherwise(url, bare, { ms: Math.min(timeoutMs, MAX_LOOK_MS), ca });
  if (isOtherwise || !isReachable(bare)) return { ...way, speaksOtherwise: isOtherwise };
  const authed = token === undefined ? undefined : await ask(url, token);
  const answers = answersOf(bare, authed);
  const isShown = answers.some(showsGateway);
  const isGatewayThere = isShown || (answers.length === 0 ? undefined : await isGatewayAt(url, requestId, ask));
  return { ...way, authed, isGatewayThere, speaksOtherwise: false };
}

/** The answers among results. */
export function answersOf(...results: readonly (ProbeResult | undefined)[]): readonly Answer[] {
  return results.flatMap((result) => (result !== undefined && 'answer' in result ? [result.answer] : []));
}

/** Whether another question may be answered. */
function isReachable(result: ProbeResult): boolean {
  return 'answer' in result || (result.failure.phase === 'answer' && result.failure.kind === 'closed');
}

/**
 * Whether a gateway of ours is on the way. It refuses every path that is not in its normal form, before it looks at anything else, and nobody
 * else does that with its code. Asked without a token.
 *
 * @param requestId - the one that `ask` sends
 * @returns undefined where something in between answered
 */
export async function isGatewayAt(
  url: URL,
  requestId: string,
  ask: (url: URL) => Promise<ProbeResult>,
): Promise<boolean | undefined> {
  const marked = new URL(url);
  marked.search = '';
  marked.pathname = `${url.pathname.replace(/\/$/, '')}/%5C`;
  const [answer] = answersOf(await ask(marked));
  if (answer === undefined) return undefined;
  if (showsGateway(answer)) return true;
  return isOurs(answer, requestId) ? false : undefined;
}

const MAX_LOOK_MS = 2000;

interface LookOptions {
  readonly ms: number;
  readonly ca: string | undefined;
}

// What nginx, Go and Apache answer in plain http on a port of TLS.
const ASKS_FOR_TLS =
  /plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server|plain HTTP to an SSL-enabled/i;

/** Whether the port speaks TLS where the URL says http, or the other way round: found out by a handshake, or a GET without token. */
async function speaksOtherwise(url: URL, bare: ProbeResult, { ms, ca }: LookOptions): Promise<boolean> {
  if (url.protocol === 'http:') {
    const isRefused =
      'answer' in bare
        ? bare.answer.status === 400 && ASKS_FOR_TLS.test(bare.answer.body)
        : bare.failure.phase === 'answer' && bare.failure.kind !== 'silent';
    return isRefused && speaksTls(inProtocol(url, 'https:'), { ms, ca });
  }
  const isRefused =
    'failure' in bare &&
    bare.failure.phase === 'tls' &&
    bare.failure.certificate === undefined &&
    bare.failure.code !== 'SILENT';
  return (
    isRefused && 'answer' in (await probe({ url: inProtocol(url, 'http:'), requestId: randomUUID(), timeoutMs: ms }))
  );
}

async function speaksTls(url: URL, { ms, ca }: LookOptions): Promise<boolean> {
  const opening = await openConnection(url, timeLimit(ms), ca);
  if ('failure' in opening) return opening.failure.phase === 'tls' && opening.failure.certificate !== undefined;
  opening.socket.on('error', () => undefined).destroy();
  return true;
}

/** The same port, in another protocol. */
function inProtocol(url: URL, protocol: 'http:' | 'https:'): URL {
  const other = new URL(url.href.replace(/^https?:/, protocol));
  other.port = portOf(url);
  return other;
}
