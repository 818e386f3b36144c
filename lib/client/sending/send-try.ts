import { Readable } from 'node:stream';
import { cutBody, handOut, readAnswerStart } from './body-streams.js';
import type { Call } from './call.js';
import { outcomeOfTries, outcomeOfTry } from './call-outcome.js';
import type { Ending } from './ending.js';
import { eventOf, toServiceRequestError } from './request-facts.js';
import { type Answer, RequestFailure, toFailure } from './request-failure.js';
import { sendByAxios } from './send-by-axios.js';
import { sendPlainly } from './send-plainly.js';
import { newFlight, type TryFlight, type WatchedTry } from './try-flight.js';
import { startTryLimit } from './try-limit.js';
import { waitFor } from './wait-for.js';

/** What came of a try. */
export interface TryResult {
  readonly flight: TryFlight;
  /** How long it took, in ms. */
  readonly durationMs: number;
  /** The token that went along; undefined where nothing was sent. */
  readonly token: string | undefined;
  /** The answer. */
  readonly response?: Answer;
  /** Why there is none, or none that the call accepts. */
  readonly failure?: RequestFailure;
}

/**
 * Sends a request once, under one timer over the whole try: token, connection, every header and byte of the answer. (axios'
 * own begins anew with every byte.) For a streamed answer, whose reader sets the pace, it ends with the headers.
 *
 * The one place where the token is attached.
 *
 * @param call - the request
 * @param renewed - the token to send. Default: the one that the source gives now
 * @returns what came of it; never rejects
 */
export async function sendTry(call: Call, renewed?: string): Promise<TryResult> {
  const { client, facts } = call;
  const began = performance.now();
  const limit = startTryLimit(call.limit, call.timeoutMs);
  const flight = newFlight();
  const failureOf = (error: unknown): RequestFailure => limit.ending.failure() ?? toFailure(error);
  let token: string | undefined;
  let isTried = false;
  let failure: RequestFailure | undefined;
  let response: Answer | undefined;
  try {
    throwIfEnded(limit.ending.failure());
    token = renewed ?? (await getToken(call, limit.ending));
    // The adapter would send a request whose signal is aborted before it listens.
    throwIfEnded(limit.ending.failure());
    // One that is sent again because its connection was lost tells nothing new.
    if (renewed === undefined || call.isRenewed)
      client.noteToken(token, renewed === undefined ? 'changed' : 'unauthorized');
    isTried = true;
    facts.tries += 1;
    if (facts.tries === 1) call.target.budget.countRequest();
    facts.tokens.add(token);
    const what: WatchedTry = { protocol: facts.protocol, authorization: `Bearer ${token}`, flight };
    const answer = call.isPlain
      ? await sendPlainly(call, what, limit.ending)
      : await sendByAxios(call, what, limit.ending.signal());
    const isAccepted = call.accepts(answer.status);
    if (!(answer.data instanceof Readable)) {
      limit.release();
      response = answer;
    } else if (isAccepted) {
      // Half an answer proves nothing, whatever its head said.
      const toError = (error: unknown): Error =>
        toServiceRequestError(failureOf(error), { ...facts, outcome: 'unknown' });
      response = { ...answer, data: handOut(answer.data, limit, toError) };
    } else response = { ...answer, data: await readAnswerStart(answer.data) };
    if (!isAccepted) failure = refusalOf(response);
  } catch (error) {
    failure = failureOf(error);
  }
  if (failure !== undefined) limit.release();
  const durationMs = performance.now() - began;
  if (!isTried) return { flight, durationMs, token: undefined, failure: failure as RequestFailure };
  const isCutShort = failure !== undefined && failure.answer === undefined && failure.code !== TOO_BIG;
  const outcome = outcomeOfTry({ ...flight, isCutShort });
  facts.outcome = outcomeOfTries(facts.outcome, outcome);
  tellOfTry(call, { status: flight.status, code: failure?.code, outcome, durationMs });
  const what = { flight, durationMs, token };
  return failure === undefined ? { ...what, response: response as Answer } : { ...what, failure };
}

// Without an answer, axios has this code for nothing else: an answer over the size limit.
const TOO_BIG = 'ERR_BAD_RESPONSE';

function tellOfTry(
  { client: { teller }, facts }: Call,
  what: Pick<Parameters<typeof teller.emit<'try'>>[1], 'status' | 'code' | 'outcome' | 'durationMs'>,
): void {
  const durationMs = Math.round(what.durationMs);
  if (teller.isHeard('try')) teller.emit('try', { ...eventOf(facts), try: facts.tries, ...what, durationMs });
  if (!teller.isDebugging()) return;
  teller.debug('Service request', {
    service: facts.service,
    method: facts.method,
    url: facts.url,
    request_id: facts.requestId,
    try: facts.tries,
    status: what.status,
    code: what.code,
    outcome: what.outcome,
    duration_ms: durationMs,
  });
}

function refusalOf({ status, statusText, headers, data }: Answer): RequestFailure {
  return new RequestFailure(
    status >= 400 && status < 500 ? 'ERR_BAD_REQUEST' : 'ERR_BAD_RESPONSE',
    `Request failed with status code ${status}`,
    {
      answer: { status, statusText, headers, data: cutBody(data as string | Buffer) },
    },
  );
}

function throwIfEnded(failure: RequestFailure | undefined): void {
  if (failure !== undefined) throw failure;
}

async function getToken({ client: { tokens } }: Call, ending: Ending): Promise<string> {
  try {
    const given = tokens.get();
    return typeof given === 'string' ? given : await waitFor(given, ending.signal());
  } catch (error) {
    throw tokenUnavailable(error);
  }
}

/** The failure of a request whose token cannot be had. */
export function tokenUnavailable(
  error: unknown,
  details: { readonly answer?: RequestFailure['answer'] } = {},
): RequestFailure {
  return new RequestFailure('ERR_TOKEN_UNAVAILABLE', `No token to send: ${(error as Error).message}`, {
    ...details,
    cause: error,
  });
}
