import type { AuthError } from '../shared/errors.js';
import { parseJwt, parsePayload } from '../shared/jwt.js';
import type { KeyRing } from '../shared/key-ring.js';
import { LAST_DATE_SECONDS } from '../shared/seconds.js';
import { printable } from './cli-io.js';
import { isoTime } from './output.js';

/** What the reasons of a verifier mean for the person who holds the keys. */
const REASONS: Readonly<Record<string, string | undefined>> = {
  not_a_jwt: 'it does not have the three parts of a token. Is it whole?',
  too_long: 'it is longer than any token may be.',
  unknown_key: 'it was signed with a key that is not among those here. Are these the keys that it was made with?',
  bad_signature: 'its signature is by none of the keys here: it was changed, or made with another key.',
  wrong_algorithm: 'it names another algorithm than its key is for.',
  not_yet_valid: 'it is not valid yet. Do the clocks agree?',
  key_of_another_service: 'it was signed with a key that speaks for another service only.',
  caller_is_a_user: "it is a person's token.",
};

/** Why a token is refused, in words. */
export function explain({ code, reason, detail }: AuthError): string {
  const words = reason === undefined ? undefined : REASONS[reason];
  const cause = reason === undefined ? code : `${code}, ${printable(reason)}`;
  return words === undefined ? `${detail} (${cause})` : `${detail} (${cause}): ${words}`;
}

/** What somebody gave instead of a token, where that can be told: a line of an `.env` file, a header, several tokens. */
export function shapeHint(text: string): string {
  if (/^(?:export )?\w+=/.test(text)) return ' It begins with the name of a variable: give what stands behind the =.';
  if (/^(?:authorization: *)?bearer /i.test(text)) return ' It begins with Bearer: give what stands behind it.';
  if (/^["']/.test(text)) return ' It stands in quotes: give what stands between them.';
  if (/\s/.test(text)) return ' It is several words or lines: give one token.';
  return '';
}

/** What a token that was refused says of itself. Anybody may have written it. */
export function unprovenFacts(
  token: string,
  keys: KeyRing,
): readonly (readonly [name: string, value: string | undefined])[] {
  const ours = keys
    .snapshot()
    .keys.map(({ kid }) => printable(kid))
    .join(', ');
  try {
    const parsed = parseJwt(token);
    const { type, service, user_id: userId, exp, jti } = parsePayload(parsed);
    return [
      ['Type', shown(type)],
      ['Holder', shown(service ?? userId)],
      ['Algorithm', shown(parsed.algorithm)],
      ['Key id', shown(parsed.kid)],
      ['Our keys', ours],
      ['Token id', shown(jti)],
      ['Expires', typeof exp === 'number' && exp > 0 && exp < LAST_DATE_SECONDS ? isoTime(Math.floor(exp)) : undefined],
    ];
  } catch {
    return [
      ['Token', 'cannot be read'],
      ['Our keys', ours],
    ];
  }
}

function shown(value: unknown): string | undefined {
  return typeof value === 'string' ? printable(value.slice(0, 200)) : undefined;
}
