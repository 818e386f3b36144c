import { expect } from 'chai';
import { conclusionOf } from '../../../lib/cli/doctor/conclusion.js';
import type { DiagnosedAnswer, Diagnosis, StepId } from '../../../lib/cli/doctor/diagnosis.js';

interface Told {
  readonly seen?: string;
  /** Of the answer. */
  readonly answer?: Partial<DiagnosedAnswer>;
  /** Of the connection. */
  readonly code?: string;
}

function broken(step: StepId | undefined, { seen = 'This was seen.', answer, code }: Told = {}): Diagnosis {
  const verdict = step === undefined ? null : { step, seen, remedy: 'Do that.' };
  const steps = step === undefined ? [] : [{ id: step, title: '', status: 'failed', seen, remedy: '', code } as const];
  const told = answer && ({ status: 401, by: 'service', ms: 1, ...answer } as const);
  return { url: 'http://a/b', ok: verdict === null, verdict, steps, answer: told };
}

const TABLE: readonly (readonly [through: StepId | undefined, direct: StepId | undefined, words: RegExp])[] = [
  [undefined, undefined, /^Both ways are well/],
  ['token-alive', 'token-alive', /one reason, which is here: This was seen/],
  ['guard', 'guard', /^Both ways break at guard.* alone\. This was seen\.$/],
  ['gateway', 'guard', /^Both ways break, at different places: .*gateway, directly at guard/],
  [undefined, 'trust', /^All is well through the gateway, and not directly \(trust\).*meets this/],
  [undefined, 'name', /not directly \(name\).*Is the URL of --direct right/],
  [undefined, 'connection', /not directly \(connection\).*Is the URL of --direct right/],
  [undefined, 'tls', /not directly \(tls\).*Is the URL of --direct right/],
  ['token-arrives', undefined, /^The token arrives directly but not through the gateway/],
  ['gateway', undefined, /the fault is in the gateway/],
  ['trust', undefined, /not what the gateway says of it/],
  ['name', undefined, /on the way to the gateway/],
  ['connection', undefined, /on the way to the gateway/],
  ['tls', undefined, /on the way to the gateway/],
  ['service', undefined, /^Directly all is well; through the gateway it breaks at service/],
];
const WELL = broken(undefined);
const UNPROVEN = broken('trust', { seen: 'unproven.', answer: { code: 'unproven_identity' } });
const MEANT = /as it should be/;

describe('conclusionOf', () => {
  for (const [through, direct, words] of TABLE) {
    it(`compares ${through ?? 'all well'} with ${direct ?? 'all well'}`, () => {
      const told = conclusionOf(broken(through), broken(direct));
      expect(told).to.match(words).and.not.match(MEANT);
    });
  }

  it('takes a service that is shut to all but the gateway for what may be meant', () => {
    expect(conclusionOf(WELL, broken('connection', { code: 'ECONNREFUSED' })))
      .to.match(MEANT)
      .and.match(/nobody may connect/);
    expect(conclusionOf(WELL, UNPROVEN))
      .to.match(MEANT)
      .and.match(/GATEWAY_ASSERTION_KEY/);
  });

  it('says that a service lets in anybody whom the gateway would keep out', () => {
    const open = broken('guard', { answer: { status: 200 } });
    expect(conclusionOf(WELL, open))
      .to.match(/whoever reaches it past the gateway is let in/)
      .and.not.match(MEANT);
    const refuses = broken('guard', { answer: { status: 403, code: 'service_not_allowed' } });
    expect(conclusionOf(WELL, refuses)).not.to.match(/is let in/);
    expect(conclusionOf(WELL, broken('guard'))).not.to.match(/is let in/);
  });

  it('quotes the gateway where the service, asked directly, has no key of tokens', () => {
    const refused = broken('trust', { seen: 'invalid_token!', answer: { code: 'invalid_token' } });
    expect(conclusionOf(refused, UNPROVEN)).to.match(
      /fault is .* the gateway \(trust\): invalid_token!.*unproven_identity/,
    );
    const revoked = broken('token-revoked', { seen: 'token_revoked!', answer: { code: 'token_revoked' } });
    expect(conclusionOf(revoked, UNPROVEN)).to.match(/\(token-revoked\): token_revoked!/);
    // It has none for the gateway's word either.
    expect(conclusionOf(UNPROVEN, UNPROVEN))
      .to.match(/^Both ways break at trust/)
      .and.not.match(MEANT);
  });

  it('quotes both where they break at one place for two reasons', () => {
    const one = broken('trust', { seen: 'wrong_audience.', answer: { code: 'wrong_audience' } });
    const other = broken('trust', { seen: 'invalid_token.', answer: { code: 'invalid_token' } });
    expect(conclusionOf(one, other)).to.match(/Through the gateway: wrong_audience\. Directly: invalid_token\.$/);
  });
});
