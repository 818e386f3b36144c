/** The longest identity value (a user id, an email address, a token id), in UTF-8 bytes. */
export const MAX_IDENTITY_BYTES = 256;

// Control, format (bidi, zero-width), surrogate, private and unassigned characters, line and paragraph separators, whatever
// a font shows as nothing (fillers, variation selectors, the blank of Braille), the replacement character.
const ILLEGAL = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\uFFFD]/u;

/**
 * Tells whether `value` can name somebody: text that is not empty, survives a header (which trims white space), holds
 * nothing invisible, and is at most {@link MAX_IDENTITY_BYTES} long.
 */
export function isIdentityText(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_IDENTITY_BYTES &&
    value.trim() === value &&
    !ILLEGAL.test(value) &&
    Buffer.byteLength(value) <= MAX_IDENTITY_BYTES
  );
}

/** Tells whether `value` can be a role: identity text that is one word, so that no list can pass for one. */
export function isRole(value: unknown): value is string {
  return isIdentityText(value) && !/[\s,]/.test(value);
}

const SCOPES = /^(?:[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*)?$/;

/** Tells whether `value` is a space-separated list of scopes (RFC 6749 §3.3), of at most 2,048 characters; may be empty. */
export function isScope(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 2048 && SCOPES.test(value);
}
