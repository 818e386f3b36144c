import { ERROR_CODES } from '../../shared/errors.js';
import { REQUEST_ID_HEADER } from '../../shared/request-id.js';
import type { AnsweredBy } from './diagnosis.js';
import { isByProxy, isExpressPage, isForeignPage, isPage, speakerOf } from './foreign-pages.js';
import type { Answer } from './probe.js';

/** What an answer says of who gave it, and of what they think of the request. */
export interface AnswerMeaning {
  readonly by: AnsweredBy;
  /** The `code` of a problem of ours. */
  readonly code: string | undefined;
  /** The name of our gateway, where it passed the answer on. */
  readonly gateway: string | undefined;
  /** What else shows itself: `nginx`. */
  readonly speaker: string | undefined;
  /** Whether it says `x-request-id`, as all do that our middleware has seen. */
  readonly hasRequestId: boolean;
}

/** What of a problem of ours only the gateway says. */
const OF_GATEWAY: ReadonlySet<string> = new Set([
  'audience_not_allowed',
  'bad_path',
  'bad_request',
  'request_timeout',
  'bad_identity_header',
  'method_not_allowed',
  'upgrade_not_supported',
  'upstream_unreachable',
  'upstream_timeout',
]);

/** What gateway and service both say, of whatever proof they get. */
const OF_BOTH: ReadonlySet<string> = new Set([
  'missing_credentials',
  'invalid_token',
  'token_expired',
  'token_revoked',
  'keys_unavailable',
  'revocations_stale',
]);

const REFUSALS: ReadonlySet<string> = new Set(ERROR_CODES);

/** Tells whether a code is a refusal of the gateway's or a guard's; others are of endpoints. */
export function isRefusalCode(code: string): boolean {
  return REFUSALS.has(code);
}

// Proxies and clouds that write themselves into `Via`, in the form that a name of our gateway has (RFC 9110 §7.6.3).
const FOREIGN_VIA: ReadonlySet<string> = new Set([
  'google',
  'varnish',
  'vegur',
  'squid',
  'kong',
  'haproxy',
  'nginx',
  'envoy',
  'caddy',
  'apache',
  'traefik',
  'cloudfront',
  'akamai',
  'fastly',
]);

/** The name of our gateway in an answer that it passed on; undefined where none did. */
export function gatewayInVia({ headers }: Pick<Answer, 'headers'>): string | undefined {
  // The last line is of who is nearest to us.
  return (headers['via'] ?? '')
    .split(',')
    .map((hop) => /^\s*1\.[01] ([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\s*$/.exec(hop)?.[1])
    .filter((name) => name !== undefined)
    .findLast((name) => !FOREIGN_VIA.has(name));
}

/**
 * Tells by one answer whether there is a gateway of ours on the way: it passed the answer on, or said what only a gateway says.
 */
export function showsGateway(answer: Answer): boolean {
  return gatewayInVia(answer) !== undefined || OF_GATEWAY.has(problemCode(answer) ?? '');
}

/** Tells whether something of ours gave the answer, whatever it was. */
export function isOurs(answer: Answer, requestId: string): boolean {
  return problemCode(answer) !== undefined || answer.headers[REQUEST_ID_HEADER] === requestId;
}

/**
 * Reads an answer.
 *
 * @param requestId - the one that was sent with the question
 * @param isGatewayThere - whether there is a gateway of ours on the way; undefined: nobody knows
 */
export function meaningOf(answer: Answer, requestId: string, isGatewayThere: boolean | undefined): AnswerMeaning {
  const code = problemCode(answer);
  const gateway = gatewayInVia(answer);
  const echoed = answer.headers[REQUEST_ID_HEADER] === requestId;
  return {
    by: speakerKind(answer, { code, isPassedOn: gateway !== undefined, echoed, isGatewayThere }),
    code,
    gateway,
    speaker: speakerOf(answer),
    hasRequestId: answer.headers[REQUEST_ID_HEADER] !== undefined,
  };
}

interface Marks {
  readonly code: string | undefined;
  readonly isPassedOn: boolean;
  readonly echoed: boolean;
  readonly isGatewayThere: boolean | undefined;
}

function speakerKind(answer: Answer, { code, isPassedOn, echoed, isGatewayThere }: Marks): AnsweredBy {
  if (code !== undefined) {
    if (OF_GATEWAY.has(code)) return 'gateway';
    if (isPassedOn || !OF_BOTH.has(code)) return 'service';
    if (isGatewayThere === undefined) return 'unknown';
    return isGatewayThere ? 'gateway' : 'service';
  }
  // Between gateway and service there may be a proxy too.
  if (isPassedOn) return answer.status >= 400 && isForeignPage(answer) ? 'in-between' : 'service';
  if (echoed) return 'service';
  if (isForeignPage(answer) || isRedirect(answer.status)) return 'in-between';
  // A path without a route is left to the rest of the gateway's application.
  if (isGatewayThere === true) return 'gateway';
  return isByProxy(answer) || (isPage(answer) && !isExpressPage(answer)) ? 'in-between' : 'unknown';
}

/** Tells whether a status sends the client somewhere else. */
export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304;
}

/** The `code` of a problem of this package, of the gateway's, a guard's or `tenantDataRouter()`'s. */
function problemCode({ headers, body }: Answer): string | undefined {
  if (!/^application\/problem\+json\b/i.test(headers['content-type'] ?? '')) return undefined;
  try {
    const { type, code } = Object(JSON.parse(body)) as { readonly type?: unknown; readonly code?: unknown };
    const isOfOurs =
      typeof code === 'string' && /^[a-z_]{3,40}$/.test(code) && type === `urn:service-auth:error:${code}`;
    return isOfOurs ? code : undefined;
  } catch {
    return undefined;
  }
}
