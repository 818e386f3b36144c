import type { AssertionKeys } from '../../shared/assertion-keys.js';
import { type SignedAssertion, signAssertion } from '../../shared/gateway-assertion.js';
import { ASSERTION_HEADER, writeIdentity } from '../../shared/identity-headers.js';
import type { VerifiedToken } from '../../shared/token-checker.js';

/** Writes what the gateway tells a service about a caller. */
export interface Voucher {
  /**
   * The identity headers of the token's caller and, where the service is known, the assertion that proves them.
   *
   * @returns a flat list: name, value, name, value, …
   */
  headersFor(token: VerifiedToken, service: string | undefined): readonly string[];
}

// How many services one token's assertions are kept for.
const MAX_SERVICES = 256;

interface Reusable extends SignedAssertion {
  /** The assertion keys it was signed with. */
  readonly keys: object;
}

/**
 * Makes the voucher of one gateway. An assertion is sent again for the same token and service until half its life is over.
 * It goes with its token: one that is revoked, or whose key is dropped, is verified anew and makes another object.
 *
 * @param name - the gateway's name
 * @param keys - the assertion keys
 */
export function createVoucher(name: string, keys: AssertionKeys): Voucher {
  const identities = new WeakMap<VerifiedToken, readonly string[]>();
  const assertions = new WeakMap<VerifiedToken, Map<string, Reusable>>();

  const assertionFor = (token: VerifiedToken, service: string): string => {
    let ofToken = assertions.get(token);
    if (ofToken === undefined) {
      ofToken = new Map();
      assertions.set(token, ofToken);
    }
    const known = ofToken.get(service);
    const inForce = keys.snapshot();
    if (known !== undefined && known.keys === inForce && isReusable(known)) return known.text;
    const signed = { ...signAssertion(token.caller, service, name, inForce), keys: inForce };
    // A service option of gatewayAuth() may find names in the request.
    if (ofToken.size >= MAX_SERVICES) ofToken.clear();
    ofToken.set(service, signed);
    return signed.text;
  };

  return {
    headersFor(token, service) {
      let identity = identities.get(token);
      if (identity === undefined) {
        identity = Object.entries(writeIdentity(token.caller)).flat();
        identities.set(token, identity);
      }
      return service === undefined ? identity : [...identity, ASSERTION_HEADER, assertionFor(token, service)];
    },
  };
}

function isReusable({ reuseFrom, reuseUntil }: SignedAssertion): boolean {
  const now = Date.now() / 1000;
  return reuseFrom <= now && now < reuseUntil;
}
