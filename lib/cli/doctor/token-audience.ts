import { printable } from '../cli-io.js';
import { failed, type Finding, passed, skipped } from './finding.js';
import type { Quote } from './quote.js';

/** What the step `token-audience` depends on. */
export interface AudienceContext {
  /** Whom the token names; none: it is good everywhere. */
  readonly audiences: readonly string[];
  /** Whose token it is. */
  readonly service: string | undefined;
  /** The service that is asked, where that is known. */
  readonly target: string | undefined;
  /** What else is the name of a service, and so not the gateway's. */
  readonly knownServices: readonly string[];
  /** Whether the server let it pass. */
  readonly isAccepted: boolean;
  /** What a server says against it: `audience_not_allowed`, or `wrong_audience` where that is the token's fault. */
  readonly refusal: string | undefined;
  readonly quote: Quote;
}

/** The step `token-audience`: the token is for the service that is asked, or for the gateway before it. */
export function judgeAudience(context: AudienceContext): Finding {
  const { audiences, service, target, knownServices, isAccepted, refusal, quote } = context;
  if (audiences.length === 0) return passed('it names none, and is good everywhere');
  const named = quote(printable(audiences.join(', ')));
  const remedy = `Mint a token for the service that is asked: service-auth generate ${service ?? '<service>'} --audience ${target ?? '<service>'}; or without --audience, for all of them.`;
  if (refusal !== undefined) return failed(`It is for ${named}, and the answer is ${refusal}.`, remedy);
  if (isAccepted || (target !== undefined && audiences.includes(target))) return passed(`it is for ${named}`);
  if (target === undefined)
    return skipped(`It is for ${named}; which service is asked, nobody has said: --service does.`);
  if (audiences.every((name) => knownServices.includes(name))) {
    return failed(`It is for ${named}, and ${target} is asked.`, remedy);
  }
  return skipped(`It is for ${named}: good if that is the gateway's name, and for no direct call of ${target}.`);
}
