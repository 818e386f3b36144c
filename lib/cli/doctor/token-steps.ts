import { parseClaims } from '../../shared/claims.js';
import type { AuthError } from '../../shared/errors.js';
import type { KeyRing } from '../../shared/key-ring.js';
import { createRevocationList, type RevocationList } from '../../shared/revocation.js';
import { printable } from '../cli-io.js';
import { checkerOf } from '../mint.js';
import { shapeHint } from '../refusal-reasons.js';
import { beside, failed, type Finding, passed, skipped } from './finding.js';
import type { FoundToken } from './find-token.js';
import { generateCommand } from './generate-command.js';
import type { Quote } from './quote.js';
import { type readUnproven, serviceIn, type UnprovenToken } from './read-unproven.js';

/** The step `token-present`. */
export function judgePresence(found: FoundToken): Finding {
  return 'text' in found ? passed(found.source) : failed(found.missing, found.remedy);
}

const FORM_REMEDY =
  "Give one token, whole and alone, as 'service-auth generate' prints it in a pipe: without quotes, without Bearer, on one line.";

/** The step `token-form`: a client sends it, and no server refuses it for what it looks like. */
export function judgeForm(
  { text, source }: { readonly text: string; readonly source: string },
  read: ReturnType<typeof readUnproven>,
): Finding {
  if (text !== text.trim())
    return failed(`${source} has white space around the token.`, `Take it away. ${FORM_REMEDY}`);
  if ('reason' in read) {
    const seen = `What is in ${source} is no token (${read.reason}).`;
    // ' It stands in quotes: give what stands between them.'
    const [, shape, advice] = /^ (.*): (.*)\.$/.exec(shapeHint(text)) ?? [];
    if (shape === undefined || advice === undefined) {
      return failed(seen, `Is it whole, or was it cut? ${FORM_REMEDY} If in doubt generate it again.`);
    }
    const begin = FORM_REMEDY.toLowerCase().startsWith(advice)
      ? ''
      : `${advice.charAt(0).toUpperCase()}${advice.slice(1)}. `;
    return failed(`${seen} ${shape}.`, begin + FORM_REMEDY);
  }
  const defect = claimDefect(read.payload);
  if (defect === undefined) return passed(describeToken(read));
  return failed(
    `The token breaks a rule of the claims (${defect}), for which every server refuses it.`,
    "Mint it with 'service-auth generate', or mend the program that did (docs/guides/interoperability.md has the claims).",
  );
}

/** Of the type `token-type` speaks. */
function claimDefect(payload: UnprovenToken['payload']): string | undefined {
  try {
    parseClaims(payload);
    return undefined;
  } catch (error) {
    const { reason } = error as AuthError;
    return reason === 'claim_type' ? undefined : reason;
  }
}

function describeToken(token: UnprovenToken): string {
  const service = serviceIn(token);
  const holder = service === undefined ? 'of no service' : `of ${service}`;
  return token.keyId === undefined ? `${holder}, without a key id` : `${holder}, key id ${printable(token.keyId)}`;
}

const OF_SIGNATURE: ReadonlySet<string> = new Set([
  'unknown_key',
  'wrong_algorithm',
  'bad_signature',
  'key_of_another_service',
]);

/** Whether a key here has signed a token: the reason if not, undefined where that cannot be told. */
export function signatureDefect(token: UnprovenToken, keys: KeyRing): string | null | undefined {
  try {
    checkerOf(keys, createRevocationList(), null).check(token.text);
    return null;
  } catch (error) {
    const reason = String((error as AuthError).reason);
    if (reason === 'header_typ') return undefined;
    // The other checks come after the signature.
    return OF_SIGNATURE.has(reason) ? reason : null;
  }
}

/** What the step `token-signature` depends on. */
export interface SignatureContext {
  readonly token: UnprovenToken;
  readonly keys: KeyRing | undefined;
  readonly keysError: string | undefined;
  /** Whether a server has found the signature good. */
  readonly isKnownThere: boolean;
  readonly quote: Quote;
}

/** The step `token-signature`. */
export function judgeSignature({ token, keys, keysError, isKnownThere, quote }: SignatureContext): Finding {
  if (keysError !== undefined) return skipped('The keys here cannot be used: see settings.');
  if (keys === undefined) {
    return skipped('There are no keys here to prove it with. --keys, JWT_KEYS_FILE or JWT_SECRET_KEY would give them.');
  }
  const defect = signatureDefect(token, keys);
  if (defect === undefined) return skipped('It is no token.');
  const ours = keys
    .snapshot()
    .keys.map(({ kid }) => printable(kid))
    .join(', ');
  if (defect === null) return passed(`key id ${token.keyId === undefined ? 'not named' : printable(token.keyId)}`);
  const its = token.keyId === undefined ? '' : `, and it names ${quote(printable(token.keyId))}`;
  const seen = `None of the keys here (${ours}) signed it${its} (${defect}).`;
  if (isKnownThere) {
    return beside(
      failed(
        seen,
        'The server knows the key that did: it is the keys here that are others. Set JWT_SECRET_KEY, or --keys, to those of the server.',
      ),
    );
  }
  return failed(
    seen,
    "Mint a token with the keys that the gateway and the services have ('service-auth generate'); or if the token is right, the keys here are not: JWT_SECRET_KEY, or --keys.",
  );
}

/** The step `token-type`. */
export function judgeType({ headerType, payload }: UnprovenToken, quote: Quote): Finding {
  const remedy = "Give the client a service's token: 'service-auth generate <service>' makes one.";
  if (headerType !== undefined && headerType.toLowerCase() !== 'jwt') {
    return failed(`It is a JWT of another kind (typ ${quote(printable(headerType))}), and no token.`, remedy);
  }
  const { type } = payload as { readonly type?: unknown };
  if (type === 'service') return passed();
  if (type === 'access') return failed("It is a person's (access) token.", remedy);
  return failed("It says nothing of its type that we know ('service' is right).", remedy);
}

/** The step `token-revoked`, as far as it is known here. */
export function judgeRevocation(token: UnprovenToken, revocations: RevocationList | string): Finding {
  if (typeof revocations === 'string') return skipped(revocations);
  const { jti, iat } = token.payload as { readonly jti?: unknown; readonly iat?: unknown };
  const isRevoked = revocations.isRevoked({
    tokenId: typeof jti === 'string' ? jti : undefined,
    service: serviceIn(token),
    issuedAt: typeof iat === 'number' ? iat : undefined,
  });
  return isRevoked
    ? failed('It is on the list of revocations here.', revokedRemedy(serviceIn(token)))
    : passed('not on the list here');
}

/**
 * What mends a revoked token.
 *
 * @param service - whose it is, where that is known
 */
export function revokedRemedy(service: string | undefined): string {
  return `Mint a new token with ${generateCommand(service)}, and give it to the client in place of this one. No command takes a revocation back.`;
}
