import type { Diagnosis, StepId, Verdict } from './diagnosis.js';
import { isUnproven, shutBy } from './shut-by.js';

/** The steps that are the same on both ways. */
const LOCAL: ReadonlySet<StepId> = new Set([
  'settings',
  'token-present',
  'token-form',
  'token-signature',
  'token-alive',
  'token-type',
  'token-audience',
  'token-revoked',
]);

/** What the way through the gateway and the way past it say together, in a sentence or a few. */
export function conclusionOf(through: Diagnosis, direct: Diagnosis): string {
  const [first, second] = [through.verdict, direct.verdict];
  if (second === null) return first === null ? 'Both ways are well.' : ofGateway(first);
  return first === null ? ofDirect(second, direct) : ofBoth({ through, first, direct, second });
}

function ofDirect({ step, seen }: Verdict, direct: Diagnosis): string {
  const shut = shutBy(direct);
  if (shut === 'refused') {
    return 'All is well through the gateway, and directly nobody may connect. If the service is to be called through the gateway only, this is as it should be; if not, is it another port?';
  }
  if (shut === 'unproven') {
    return 'All is well through the gateway. Directly the service believes no token, as it has no key of tokens (unproven_identity). If it is to be called through the gateway only, with GATEWAY_ASSERTION_KEY alone, this is as it should be.';
  }
  const isOpen = step === 'guard' && isAnswered(direct);
  const more = isOpen
    ? 'The gateway keeps others out, the service does not: whoever reaches it past the gateway is let in. This must be mended.'
    : UNREACHED.has(step)
      ? 'Is the URL of --direct right, and can it be reached from here? A network policy that lets in the gateway alone may look like this too.'
      : 'Whoever calls the service directly meets this.';
  return `All is well through the gateway, and not directly (${step}): ${seen} ${more}`;
}

function isAnswered({ answer }: Diagnosis): boolean {
  return answer !== undefined && answer.status < 300;
}

const UNREACHED: ReadonlySet<StepId> = new Set(['name', 'connection', 'tls']);

interface Both {
  readonly through: Diagnosis;
  readonly first: Verdict;
  readonly direct: Diagnosis;
  readonly second: Verdict;
}

function ofBoth({ through, first, direct, second }: Both): string {
  const [code, directCode] = [through.answer?.code, direct.answer?.code];
  if (isUnproven(direct) && code !== directCode) {
    return `The fault is on the way through the gateway (${first.step}): ${first.seen} That the service has no key of tokens when it is asked directly (unproven_identity) is another matter, and as it should be where it has GATEWAY_ASSERTION_KEY alone.`;
  }
  if (first.step !== second.step) {
    return `Both ways break, at different places: through the gateway at ${first.step}, directly at ${second.step}. Mend the direct one first: ${second.seen}`;
  }
  if (LOCAL.has(first.step)) return `Both ways break for one reason, which is here: ${first.seen}`;
  const begin = `Both ways break at ${first.step}: it is not the gateway alone.`;
  return code === directCode
    ? `${begin} ${second.seen}`
    : `${begin} Through the gateway: ${first.seen} Directly: ${second.seen}`;
}

function ofGateway({ step, seen }: Verdict): string {
  switch (step) {
    case 'token-arrives':
      return `The token arrives directly but not through the gateway: something before the gateway stops it. ${seen}`;
    case 'gateway':
      return `The service takes the token, the gateway does not: the fault is in the gateway. ${seen}`;
    case 'trust':
      return `The service believes the token, and not what the gateway says of it: the keys of the gateway's assertions, or the service's name, differ. ${seen}`;
    case 'name':
    case 'connection':
    case 'tls':
      return `The service is reached directly, the gateway is not: the fault is on the way to the gateway. ${seen}`;
    default:
      return `Directly all is well; through the gateway it breaks at ${step}. ${seen}`;
  }
}
