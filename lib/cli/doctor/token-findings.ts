import { isRefusalCode } from './answer-meaning.js';
import { answersOf } from './ask-way.js';
import type { ClientSide } from './client-side.js';
import { clockOffsets } from './clock-step.js';
import type { ClientFacts, WayEvidence } from './evidence.js';
import { failed, type Finding, skipped } from './finding.js';
import type { UnprovenToken } from './read-unproven.js';
import { judgeSettings } from './settings-step.js';
import { judgeAudience } from './token-audience.js';
import { judgeLife } from './token-life.js';
import { judgeForm, judgePresence, judgeRevocation, judgeSignature, judgeType, revokedRemedy } from './token-steps.js';
import type { WayVerdict } from './way-steps.js';

/** What looks at what is here. */
export type LocalStep =
  | 'settings'
  | 'token-present'
  | 'token-form'
  | `token-${'signature' | 'alive' | 'type' | 'audience' | 'revoked'}`;

/** What the steps that look at the token depend on. */
export interface TokenContext {
  readonly side: ClientSide;
  /** Undefined: there is none, or it cannot be read. */
  readonly token: UnprovenToken | undefined;
  readonly knownServices: readonly string[];
  readonly way: WayEvidence;
  readonly verdict: WayVerdict;
  readonly client: ClientFacts;
}

/** The steps that look at settings and token. What servers have said of the token counts too. */
export function tokenFindings(context: TokenContext): Readonly<Record<LocalStep, Finding>> {
  const { side, token, knownServices, way, verdict, client } = context;
  const { found, read, keys, keysError, quote } = side;
  const settings = judgeSettings({ env: side.env, keysError, hasKeys: keys !== undefined, hasToken: 'text' in found });
  const noToken = skipped('There is no token.');
  const unread = read === undefined ? noToken : skipped('The token cannot be read: see token-form.');
  const head = {
    settings,
    'token-present': judgePresence(found),
    'token-form': 'text' in found && read !== undefined ? judgeForm(found, read) : noToken,
  };
  if (token === undefined) {
    return {
      ...head,
      'token-signature': unread,
      'token-alive': unread,
      'token-type': unread,
      'token-audience': unread,
      'token-revoked': unread,
    };
  }
  const { authed } = verdict;
  const code = authed?.meaning.code;
  return {
    ...head,
    'token-signature': judgeSignature({ token, keys, keysError, isKnownThere: isKnownThere(way, verdict), quote }),
    'token-alive': judgeLife(token, clockOffsets(answersOf(way.bare, way.authed))),
    'token-type': judgeType(token, quote),
    'token-audience': judgeAudience({
      audiences: client.audiences,
      service: client.service,
      target: client.target,
      knownServices,
      isAccepted: isAccepted(verdict),
      refusal: audienceRefusal(verdict, client),
      quote,
    }),
    'token-revoked': revocationFinding(judgeRevocation(token, side.revocations), code, verdict, client.service),
  };
}

/** What a server has to say of revocation counts, whatever is known here. */
function revocationFinding(
  here: Finding,
  code: string | undefined,
  { break: where }: WayVerdict,
  service: string | undefined,
): Finding {
  if (here.status === 'failed' || code !== 'token_revoked') return here;
  return failed(`${String(where?.seen)} Nothing here says so.`, revokedRemedy(service));
}

function isAccepted({ authed, break: where }: WayVerdict): boolean {
  if (authed === undefined || authed.meaning.by === 'in-between' || authed.meaning.by === 'unknown') return false;
  return where === undefined || where.step === 'guard' || where.step === 'service';
}

function audienceRefusal({ authed }: WayVerdict, { audiences, target }: ClientFacts): string | undefined {
  const { code, gateway } = authed?.meaning ?? {};
  if (code === 'audience_not_allowed') return '403 audience_not_allowed';
  // Behind the gateway it is the assertion that is for somebody else; and a token that is right shows a service that is not.
  const isOfToken = code === 'wrong_audience' && gateway === undefined && audiences.length > 0;
  return isOfToken && !(target !== undefined && audiences.includes(target)) ? '401 wrong_audience' : undefined;
}

const SAY_NOTHING_OF_SIGNATURE: ReadonlySet<string> = new Set([
  'missing_credentials',
  'invalid_token',
  'unproven_identity',
  'malformed_identity',
  'keys_unavailable',
  'revocations_stale',
  'bad_path',
  'bad_request',
  'method_not_allowed',
]);

/** Whether a server has found the signature good. */
function isKnownThere(way: WayEvidence, { authed, bare, break: where }: WayVerdict): boolean {
  const isGuarded = bare?.meaning.code !== undefined && isRefusalCode(bare.meaning.code);
  if (authed === undefined) return way.authed !== undefined && isGuarded && where?.step === 'service';
  const { by, code, gateway } = authed.meaning;
  if (by !== 'service' && by !== 'gateway') return false;
  // Passed on only with the token: the gateway has let it pass.
  if (gateway !== undefined && bare !== undefined && bare.meaning.gateway === undefined) return true;
  if (code === undefined) return by === 'service' && isGuarded;
  return isRefusalCode(code) ? !SAY_NOTHING_OF_SIGNATURE.has(code) : isGuarded;
}
