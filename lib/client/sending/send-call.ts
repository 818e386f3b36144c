import { Readable } from 'node:stream';
import type { Call } from './call.js';
import type { Judged } from '../target/circuit-breaker.js';
import { type Answer, RequestFailure } from './request-failure.js';
import { CIRCUIT_OPENED } from './retrying.js';
import { isRepeatable } from './retry-policy.js';
import { sendTry, tokenUnavailable, type TryResult } from './send-try.js';
import { startTryLimit } from './try-limit.js';
import { verdictOf } from './try-verdict.js';
import { waitFor } from './wait-for.js';

/**
 * Sends a request as often as it takes to know the target's answer, which is once but for two cases that say nothing of the target:
 * a kept connection that was closed just then, and a token that it does not take any more. The circuit breaker of the origin
 * decides whether it is sent at all.
 *
 * @returns the answer
 * @throws RequestFailure where no answer came, or none that the call accepts
 */
export async function sendCall(call: Call): Promise<Answer> {
  const { response, failure } = call.client.usesBreaker ? await sendUnderBreaker(call) : await settle(call);
  if (response !== undefined) return response;
  const final = failure as RequestFailure;
  // What axios-retry listens to while it waits.
  call.signal = call.limit.ending.signal();
  final.config = call;
  call.lastFailure = final;
  throw final;
}

interface Settled extends Judged {
  readonly response?: Answer | undefined;
  readonly failure?: RequestFailure | undefined;
}

async function sendUnderBreaker(call: Call): Promise<Settled> {
  const { target, facts, client } = call;
  const settled = await target.breaker.run(
    () => settle(call),
    (state) => {
      client.teller.emit('breaker', { origin: target.origin, service: facts.service, state });
      client.teller.warn('Circuit breaker', { origin: target.origin, service: facts.service, state });
    },
  );
  return settled ?? { failure: circuitOpen(call), verdict: 'none' };
}

/** What its caller should know is what the target did last; of a first try, that nothing was sent. */
function circuitOpen({ target, lastFailure }: Call): RequestFailure {
  if (lastFailure !== undefined) {
    lastFailure.whyFinal = CIRCUIT_OPENED;
    return lastFailure;
  }
  return new RequestFailure(
    'ERR_CIRCUIT_OPEN',
    `Not sent: most of the last requests to ${target.origin} failed, so it is left alone for a moment`,
    { retryAfterMs: Math.ceil(target.breaker.waitMs()) },
  );
}

async function settle(call: Call): Promise<Settled> {
  let renewed: string | undefined;
  for (;;) {
    const result = await sendTry(call, renewed);
    if (isStaleConnection(result) && !call.isReplayed && isRepeatable(call.request) && call.target.budget.take()) {
      call.isReplayed = true;
      renewed = result.token;
      continue;
    }
    const { flight, token, failure, response } = result;
    const settled = { response, failure, verdict: verdictOf(result, call.client.patienceMs) };
    if (flight.status !== 401 || call.isRenewed || token === undefined) return settled;
    call.isRenewed = true;
    try {
      renewed = await renewToken(call, token);
    } catch (error) {
      discard(response);
      return {
        failure: error instanceof RequestFailure ? error : tokenUnavailable(error, failure),
        verdict: settled.verdict,
      };
    }
    // Of a stream nothing is left. Its token has been renewed all the same, for the next request.
    if (renewed === undefined || call.request.hasStreamBody) return settled;
    discard(response);
  }
}

/**
 * A server may close a kept connection in the moment in which it is used again (RFC 9112 §9.3.1): nothing is wrong with the target,
 * and the next connection is a new one.
 */
function isStaleConnection({ flight, failure }: TryResult): boolean {
  return (
    flight.isOnReusedConnection &&
    flight.status === undefined &&
    (failure?.code === 'ECONNRESET' || failure?.code === 'EPIPE')
  );
}

/** Asks for another token, in the time of one try; undefined where there is none. */
async function renewToken(call: Call, refused: string): Promise<string | undefined> {
  const { tokens } = call.client;
  const limit = startTryLimit(call.limit, call.timeoutMs);
  let renewed: string | undefined;
  try {
    const given = tokens.renew(refused);
    renewed = given instanceof Promise ? await waitFor(given, limit.ending.signal()) : given;
  } catch (error) {
    limit.release();
    tellOfRefusal(call, false);
    throw limit.ending.failure() ?? error;
  }
  limit.release();
  tellOfRefusal(call, renewed !== undefined);
  return renewed;
}

/** Of another token it is told when that is sent, once for all requests that waited for it. */
function tellOfRefusal({ client: { tokens, teller }, facts }: Call, isRenewed: boolean): void {
  if (!isRenewed) teller.emit('refresh', { source: tokens.name, reason: 'unauthorized', isRenewed });
  teller.debug('Service token refused', {
    source: tokens.name,
    service: facts.service,
    request_id: facts.requestId,
    renewed: isRenewed,
  });
}

/** An accepted 401 that is not handed out: its stream would hold the connection for ever. */
function discard(response: Answer | undefined): void {
  if (response?.data instanceof Readable) response.data.destroy();
}
