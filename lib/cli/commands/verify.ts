import type { Command } from 'commander';
import { serviceRefusal } from '../../server/require-service.js';
import { audiencesOf } from '../../shared/claims.js';
import type { AuthError } from '../../shared/errors.js';
import type { RingKey } from '../../shared/key.js';
import type { KeyRing } from '../../shared/key-ring.js';
import type { VerifiedToken } from '../../shared/token-checker.js';
import { failure } from '../cli-error.js';
import { readKeys } from '../cli-keys.js';
import { type CliIo, printable } from '../cli-io.js';
import { addExample, addStoreOptions, jsonOption, keysOption } from '../common-options.js';
import { checkerOf, revocationListOf } from '../mint.js';
import { facts, isoTime, print, printJson, untilThen } from '../output.js';
import { explain, shapeHint, unprovenFacts } from '../refusal-reasons.js';
import { readToken } from '../read-token.js';
import { warnIfMissing, withStore } from '../store/open-store.js';
import type { StoreOptions } from '../store/store-place.js';

interface VerifyOptions extends StoreOptions {
  readonly audience?: string;
  readonly keys?: string;
  readonly json?: true;
}

/** What `verify` found out. */
interface Verdict {
  readonly verified: VerifiedToken | undefined;
  readonly refusal: AuthError | undefined;
}

/** `verify`: what a token says, and whether it is let in. */
export function addVerify(program: Command, io: CliIo): void {
  const command = program
    .command('verify')
    .description(
      'Say what a token claims, which key signed it, how long it lives, and whether requireService() would let it in. Exit code 1 with ' +
        'the reason if not.',
    )
    .argument('[token]', 'the token, or - to read it from standard input, as without it')
    .option('--audience <service>', 'judge as this service would; default: whatever audience the token names')
    .addOption(keysOption())
    .addOption(jsonOption());
  addStoreOptions(command).action(async (argument: string | undefined, options: VerifyOptions) => {
    const keys = readKeys(io, options.keys);
    const token = await readToken(io, argument);
    const { revocations, inventory } = await withStore(io, options, async (store) => {
      warnIfMissing(io, store);
      return { revocations: revocationListOf(await store.revocations()), inventory: await store.tokens() };
    });
    const verdict = judge(() => checkerOf(keys, revocations, options.audience ?? null).check(token));
    const isRecorded = inventory.some(({ tokenId }) => tokenId === verdict.verified?.claims.jti);
    if (options.json === true) printJson(io, asJson(verdict, isRecorded, keys, token));
    else print(io, ...asText(verdict, isRecorded, keys, token));
    if (verdict.refusal !== undefined) throw failure(`not let in: ${explain(verdict.refusal)}${shapeHint(token)}`);
  });
  addExample(
    command,
    'service-auth verify - --keys keys.json < orders.token',
    'service-auth verify --audience orders-service < sales.token',
  );
}

function judge(check: () => VerifiedToken): Verdict {
  try {
    const verified = check();
    return { verified, refusal: serviceRefusal(verified.caller) };
  } catch (error) {
    return { verified: undefined, refusal: error as AuthError };
  }
}

/** Of these errors a verifier speaks only once the signature has proved good. */
const SIGNATURE_IS_GOOD: readonly string[] = ['token_expired', 'token_revoked', 'wrong_audience'];

function asText({ verified, refusal }: Verdict, isRecorded: boolean, keys: KeyRing, token: string): readonly string[] {
  if (verified === undefined) {
    const isGenuine = SIGNATURE_IS_GOOD.includes(String(refusal?.code));
    const head = isGenuine
      ? 'Not let in. Its signature is good; it says:'
      : 'Not let in. It says, and nothing of it is proven:';
    return [head, '', ...facts(unprovenFacts(token, keys))];
  }
  const { claims, keyId } = verified;
  const holder = claims.type === 'service' ? claims.service : `${printable(claims.user_id)}, a person`;
  return [
    refusal === undefined
      ? `Good: requireService() lets ${holder} in.`
      : `A good token of ${holder}, whom requireService() does not let in.`,
    '',
    ...facts([
      ['Type', claims.type],
      ['Holder', holder],
      ['Role', claims.role === undefined ? undefined : printable(claims.role)],
      ['Scope', claims.scope === undefined ? undefined : printable(claims.scope)],
      ['Audience', audiencesOf(claims).map(printable).join(', ') || 'any service'],
      ['Issuer', claims.iss === undefined ? undefined : printable(claims.iss)],
      ['Signed by', signedBy(keyId, keys)],
      ['Issued', claims.iat === undefined ? 'it does not say' : isoTime(claims.iat)],
      ['Expires', `${isoTime(claims.exp)} (${untilThen(claims.exp)})`],
      [
        'Token id',
        claims.jti === undefined
          ? 'none; it can only be revoked with all tokens of its service'
          : printable(claims.jti),
      ],
      ['Inventory', isRecorded ? 'entered' : 'not entered'],
    ]),
  ];
}

function signedBy(keyId: string, keys: KeyRing): string {
  const { current, byId } = keys.snapshot();
  const { algorithm } = byId.get(keyId) as RingKey;
  return `${printable(keyId)} (${algorithm}, ${current?.kid === keyId ? 'the current key' : 'a key that only verifies'})`;
}

function asJson({ verified, refusal }: Verdict, isRecorded: boolean, keys: KeyRing, token: string): unknown {
  const why =
    refusal === undefined ? {} : { code: refusal.code, reason: refusal.reason, explanation: explain(refusal) };
  if (verified === undefined) return { letIn: false, ...why, unproven: camelCased(unprovenFacts(token, keys)) };
  const { claims, keyId } = verified;
  return { letIn: refusal === undefined, ...why, keyId, claims, isInInventory: isRecorded };
}

/** `Key id` is `keyId` to a program. */
function camelCased(pairs: ReturnType<typeof unprovenFacts>): Readonly<Record<string, string | undefined>> {
  const nameOf = (title: string): string =>
    title.toLowerCase().replaceAll(/ (.)/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(pairs.map(([title, value]) => [nameOf(title), value]));
}
