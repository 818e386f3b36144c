import { TENANT_NOT_FOUND } from '../../shared/tenant-data.js';
import { isRedirect, isRefusalCode, meaningOf } from './answer-meaning.js';
import type { AnsweredBy } from './diagnosis.js';
import type { ProbeResult } from './probe.js';
import { nameOf } from './speaker-name.js';

/**
 * What became of one call: the service let the token in; gateway or service refused it; nothing answered for the service; or something
 * else answered, so that nobody knows.
 */
export type SmokeVerdict = 'let in' | 'refused' | 'not reached' | 'unknown';

/** One service of a smoke test. */
export interface SmokeRow {
  readonly service: string;
  readonly url: string;
  readonly verdict: SmokeVerdict;
  /** Absent where no answer came. */
  readonly status?: number | undefined;
  readonly by?: AnsweredBy | undefined;
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
  readonly ms?: number | undefined;
  /** What else is to be said. */
  readonly note?: string | undefined;
}

/** What one call came to, beside the names. */
export type SmokeOutcome = Omit<SmokeRow, 'service' | 'url'>;

/** What was asked. */
export interface SmokeCall {
  readonly result: ProbeResult;
  readonly requestId: string;
  /** Whether there is a gateway of ours; undefined: nobody knows. */
  readonly isGatewayThere: boolean | undefined;
}

const NOT_REACHED: ReadonlySet<string> = new Set(['upstream_unreachable', 'upstream_timeout']);

/** Judges one call with the token. */
export function judgeCall({ result, requestId, isGatewayThere }: SmokeCall): SmokeOutcome {
  if (!('answer' in result)) return { verdict: 'not reached', note: failureInWords(result) };
  const { answer } = result;
  const meaning = meaningOf(answer, requestId, isGatewayThere);
  const { by, code } = meaning;
  const echoed = answer.headers['x-request-id'] === requestId ? { requestId } : {};
  const facts = { status: answer.status, by, ...(code !== undefined && { code }), ...echoed, ms: answer.ms };
  const judged = judgeAnswer({ answer, meaning });
  return { verdict: judged.verdict, ...facts, ...(judged.note !== undefined && { note: judged.note }) };
}

type Judged = Pick<SmokeOutcome, 'verdict' | 'note'>;

function judgeAnswer(read: Parameters<typeof nameOf>[0]): Judged {
  const { answer, meaning } = read;
  const { by, code } = meaning;
  if (code !== undefined && isRefusalCode(code)) {
    if (NOT_REACHED.has(code))
      return { verdict: 'not reached', note: 'the gateway let it pass and did not reach the service' };
    return { verdict: 'refused' };
  }
  if (by === 'in-between' || by === 'unknown') return { verdict: 'unknown', note: `${nameOf(read)} answered` };
  if (by === 'gateway') {
    return answer.status === 404
      ? { verdict: 'not reached', note: 'the gateway has no route for it' }
      : { verdict: 'unknown', note: "the gateway's own application answered" };
  }
  const { status } = answer;
  if (status >= 500)
    return { verdict: 'let in', note: "the service's own fault, none of the token's: look in its log" };
  if (status === 401 || status === 403) return { verdict: 'refused', note: 'in words of its own: none of our guards' };
  if (code === TENANT_NOT_FOUND) return { verdict: 'let in' };
  // Routers answer so before any guard is asked, and where the gateway's route leads to another service.
  if (status === 404 || status === 405) {
    return { verdict: 'unknown', note: 'nothing is at this path, so that no guard has shown itself' };
  }
  if (isRedirect(status)) {
    return { verdict: 'unknown', note: 'it sends us somewhere else, so that no guard has shown itself' };
  }
  if (status >= 300) return { verdict: 'let in', note: 'the service does not take the request as it is' };
  return { verdict: 'let in' };
}

function failureInWords({ failure }: Extract<ProbeResult, { failure: unknown }>): string {
  switch (failure.phase) {
    case 'lookup':
      return `the name does not resolve (${failure.code})`;
    case 'connect':
      return `no connection (${[...new Set(failure.codes)].join(', ')})`;
    case 'tls':
      return `TLS fails (${failure.code})`;
    default:
      return failure.kind === 'silent' ? 'no answer in time' : `no answer (${failure.code})`;
  }
}

/** Tells whether a smoke test is passed: every service lets the token in. One that was not reached has shown nothing. */
export function isPassed(rows: readonly SmokeRow[]): boolean {
  return rows.every(({ verdict }) => verdict === 'let in');
}
