import type { Diagnosis, StepId } from './diagnosis.js';

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

/** What the way through the gateway and the way past it say together, in a sentence. */
export function conclusionOf(through: Diagnosis, direct: Diagnosis): string {
  const [first, second] = [through.verdict, direct.verdict];
  if (first === null && second === null) return 'Both ways are well.';
  if (first !== null && second !== null) {
    if (first.step === second.step) {
      return LOCAL.has(first.step)
        ? `Both ways break for one reason, which is here: ${first.seen}`
        : `Both ways break at ${first.step}: it is not the gateway alone. ${second.seen}`;
    }
    return `Both ways break, at different places: through the gateway at ${first.step}, directly at ${second.step}. Mend the direct one first: ${second.seen}`;
  }
  if (first === null) {
    return `All is well through the gateway, and not directly (${String(second?.step)}): ${String(second?.seen)} If services are to be called through the gateway only, this is as it should be.`;
  }
  switch (first.step) {
    case 'token-arrives':
      return `The token arrives directly but not through the gateway: something before the gateway stops it. ${first.seen}`;
    case 'gateway':
      return `The service takes the token, the gateway does not: the fault is in the gateway. ${first.seen}`;
    case 'trust':
      return `The service believes the token, and not what the gateway says of it: the keys of the gateway's assertions, or the service's name, differ. ${first.seen}`;
    case 'name':
    case 'connection':
    case 'tls':
      return `The service is reached directly, the gateway is not: the fault is on the way to the gateway. ${first.seen}`;
    default:
      return `Directly all is well; through the gateway it breaks at ${first.step}. ${first.seen}`;
  }
}
