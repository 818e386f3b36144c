import { expect } from 'chai';
import { conclusionOf } from '../../../lib/cli/doctor/conclusion.js';
import type { Diagnosis, StepId } from '../../../lib/cli/doctor/diagnosis.js';

function broken(step: StepId | undefined, seen = 'This was seen.'): Diagnosis {
  const verdict = step === undefined ? null : { step, seen, remedy: 'Do that.' };
  return { url: 'http://a/b', ok: verdict === null, verdict, steps: [] };
}

const TABLE: readonly (readonly [through: StepId | undefined, direct: StepId | undefined, words: RegExp])[] = [
  [undefined, undefined, /^Both ways are well/],
  ['token-alive', 'token-alive', /one reason, which is here: This was seen/],
  ['guard', 'guard', /^Both ways break at guard/],
  ['gateway', 'guard', /^Both ways break, at different places: .*gateway, directly at guard/],
  [undefined, 'trust', /^All is well through the gateway, and not directly \(trust\)/],
  ['token-arrives', undefined, /^The token arrives directly but not through the gateway/],
  ['gateway', undefined, /the fault is in the gateway/],
  ['trust', undefined, /not what the gateway says of it/],
  ['name', undefined, /on the way to the gateway/],
  ['connection', undefined, /on the way to the gateway/],
  ['tls', undefined, /on the way to the gateway/],
  ['service', undefined, /^Directly all is well; through the gateway it breaks at service/],
];

describe('conclusionOf', () => {
  for (const [through, direct, words] of TABLE) {
    it(`compares ${through ?? 'all well'} with ${direct ?? 'all well'}`, () => {
      expect(conclusionOf(broken(through), broken(direct))).to.match(words);
    });
  }
});
