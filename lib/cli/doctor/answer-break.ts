import { TENANT_NOT_FOUND } from '../../shared/tenant-data.js';
import { isRefusalCode } from './answer-meaning.js';
import { remedyOfCode } from './code-remedies.js';
import type { Break, ClientFacts, ReadAnswer } from './evidence.js';
import { foreignBreak } from './foreign-break.js';
import { isPage } from './foreign-pages.js';
import { originHint } from './origin-hint.js';
import { ownWordsBreak } from './own-words-break.js';
import { nameOf } from './speaker-name.js';

/**
 * Finds where a request breaks that was answered.
 *
 * @param authed - the answer to the question with the token
 * @param bare - the answer to the same without; undefined: none came
 * @returns undefined where it was let in and answered
 */
export function breakOf(authed: ReadAnswer, bare: ReadAnswer | undefined, client: ClientFacts): Break | undefined {
  const { answer, meaning } = authed;
  const { code, by } = meaning;
  if (code !== undefined && isRefusalCode(code)) return refusalBreak(code, authed, bare, client);
  if (by === 'in-between' && meaning.gateway === undefined) return foreignBreak(authed, client);
  if (isSuccess(authed)) return successBreak(authed, bare);
  if (by === 'unknown') return foreignBreak(authed, client);
  if (by === 'gateway') return withoutRoute(answer.status, client);
  // It was let in, and there is nothing to see: that is what was asked.
  return code === TENANT_NOT_FOUND ? undefined : ownWordsBreak(authed, bare, client);
}

/** Tells whether a request was answered with what it asked for. */
export function isSuccess({ answer: { status } }: ReadAnswer): boolean {
  return status >= 200 && status < 300;
}

function refusalBreak(code: string, authed: ReadAnswer, bare: ReadAnswer | undefined, client: ClientFacts): Break {
  const seen = `${nameOf(authed)} answers ${String(authed.answer.status)} ${code}.`;
  const without = bare?.meaning.code;
  if (OF_TOKENS.has(code) && without !== undefined && OF_TOKENS.has(without)) {
    return {
      step: 'token-arrives',
      seen: `${seen} It answers ${without} without a token too, so that another one comes along.`,
      remedy:
        'Something on the way (an ingress, nginx, a sidecar) writes an Authorization header of its own over ours. Take that out: proxy_set_header Authorization $http_authorization; in nginx.',
    };
  }
  return { step: stepOfRefusal(authed, bare), seen, remedy: remedyOfCode(code, { authed, bare, client }) };
}

/** What is said of a token that was read: where none was sent, there is another. */
const OF_TOKENS: ReadonlySet<string> = new Set([
  'invalid_token',
  'token_expired',
  'token_revoked',
  'wrong_audience',
  'audience_not_allowed',
]);
const OF_GUARD: ReadonlySet<string> = new Set([
  'service_required',
  'service_not_allowed',
  'scope_missing',
  'user_required',
  'role_not_allowed',
]);
const OF_WAY_TO_SERVICE: ReadonlySet<string> = new Set(['upstream_unreachable', 'upstream_timeout']);

function stepOfRefusal({ meaning }: ReadAnswer, bare: ReadAnswer | undefined): Break['step'] {
  const { code = '', by, gateway } = meaning;
  if (OF_GUARD.has(code)) return 'guard';
  if (OF_WAY_TO_SERVICE.has(code)) return 'service';
  if (code !== 'missing_credentials') return by === 'service' ? 'trust' : 'gateway';
  if (by !== 'service') return 'token-arrives';
  if (gateway === undefined) return meaning.hasRequestId ? 'token-arrives' : 'trust';
  // Passed on without a token too: a public entry.
  return bare?.meaning.gateway === undefined ? 'trust' : 'gateway';
}

/** What is left to the rest of the gateway's application. */
function withoutRoute(status: number, { asked }: ClientFacts): Break {
  return {
    step: 'gateway',
    seen: `The gateway answers ${String(status)} itself: it has no route for this path.`,
    remedy: `${originHint(asked)}Is the path right? If it is, add a route for its prefix to the gateway (routes: { "/api/v1/orders": "http://orders-service:8000" }) and reload it. Prefixes match whole segments.`,
  };
}

function successBreak(authed: ReadAnswer, bare: ReadAnswer | undefined): Break | undefined {
  const { answer, meaning } = authed;
  const status = String(answer.status);
  if (bare !== undefined && isSuccess(bare)) {
    return {
      step: 'guard',
      seen: `${nameOf(authed)} answers ${status} with the token, and ${String(bare.answer.status)} without one: anybody is let in.`,
      remedy: openRemedy(meaning),
    };
  }
  if (answer.end === 'cut') {
    return {
      step: 'service',
      seen: `${nameOf(authed)} answers ${status} and breaks off in the midst.`,
      remedy: 'The token was let in; look in the log of the service why it ended. This is no matter of tokens.',
    };
  }
  // Whoever answers behind the gateway has its request id: only what it says tells who that is.
  if (meaning.gateway === undefined || !isPage(answer)) return undefined;
  return {
    step: 'service',
    seen: `${nameOf(authed)} answers ${status} with a page (HTML), where JSON was asked for.`,
    remedy:
      "The gateway let the token pass. Does its route lead to the service, and not to the default page of a web server, or to a login? If the page is the service's own, all is well: give doctor the URL of an endpoint that services use.",
  };
}

/** What mends an endpoint that lets in anybody. */
function openRemedy({ by, gateway }: ReadAnswer['meaning']): string {
  if (by === 'gateway') return 'This is an endpoint of the gateway itself. Give doctor the URL of one behind it.';
  const meant = 'If it is meant for everybody, give doctor the URL of one that is not.';
  if (by === 'unknown') {
    return `Are host and port right? Nothing shows a service with our guards. If it is the service, put contextFromGateway() and requireService() before the endpoint. ${meant}`;
  }
  const isPublic = gateway !== undefined;
  return `${isPublic ? "Take the path out of the gateway's public entries, and put" : 'Put'} requireService() before the endpoint. ${meant}`;
}
