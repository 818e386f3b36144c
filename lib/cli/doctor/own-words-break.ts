import { isRedirect } from './answer-meaning.js';
import type { Break, ClientFacts, ReadAnswer } from './evidence.js';
import { isExpressPage } from './foreign-pages.js';
import { originHint } from './origin-hint.js';
import { redirectPlace } from './redirect-place.js';
import { nameOf } from './speaker-name.js';

/** Says what to do about an answer of the service that is none of our codes: no matter of tokens. */
export function ownWordsBreak(authed: ReadAnswer, bare: ReadAnswer | undefined, client: ClientFacts): Break {
  const { answer, meaning } = authed;
  const who = nameOf(authed);
  const status = String(answer.status);
  if (isRedirect(answer.status)) {
    const place = redirectPlace(answer.headers['location'], client.quote);
    return {
      step: 'service',
      seen: `${who} answers ${status}, and sends us to ${place}.`,
      remedy: `Ask for ${place}: clients follow no redirect, as the token must not go where nobody has sent it.`,
    };
  }
  const said = meaning.code === undefined ? `${status}, in its own words` : `${status} ${meaning.code}`;
  return { step: 'service', seen: `${who} answers ${said}.`, remedy: remedyOf(authed, bare, client) };
}

function remedyOf(authed: ReadAnswer, bare: ReadAnswer | undefined, client: ClientFacts): string {
  const { answer, meaning } = authed;
  const { status } = answer;
  if (meaning.by === 'in-between') {
    return "The gateway let the token pass; what stands between it and the service (a sidecar, another proxy) answered in the service's place. Is the service up, and does the gateway's route lead to the right port?";
  }
  if (status === 401) {
    return 'The service has another way to authenticate beside our guards, which refuses: look in its code and its log. None of our guards speaks like this.';
  }
  if (status === 403) {
    return 'The service has a rule of its own, which refuses; none of our guards speaks like this: the token was let in. Look in its log.';
  }
  if (status === 404 || status === 405) return `${absence(authed, bare, client)} This is no matter of tokens.`;
  if (status >= 500) {
    return 'A fault of the service itself: look in its log under the request id. This is no matter of tokens, which it does not refuse.';
  }
  return 'The service does not take the request as it is: look in its log under the request id. This is no matter of tokens.';
}

function absence({ answer, meaning }: ReadAnswer, bare: ReadAnswer | undefined, { asked }: ClientFacts): string {
  const isSame = bare !== undefined && bare.answer.status === answer.status;
  const begin = isSame ? 'It says so without a token too, so no guard was asked. ' : '';
  const what = isExpressPage(answer)
    ? 'The service has no route for GET of this path'
    : 'What the path names does not exist there';
  const elsewhere = meaning.gateway === undefined ? '' : " Or does the gateway's route lead to another service?";
  return `${originHint(asked)}${begin}${what}: is the path right?${elsewhere} One that only reads, where a service has it, is …/tenant/<id>/deletion-preview.`;
}
