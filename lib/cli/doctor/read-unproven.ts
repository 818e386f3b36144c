import type { AuthError } from '../../shared/errors.js';
import { parseJwt, parsePayload } from '../../shared/jwt.js';
import { isServiceName } from '../../shared/services.js';

/** What a token says of itself; nothing of it is proven. */
export interface UnprovenToken {
  readonly text: string;
  readonly keyId: string | undefined;
  readonly headerType: string | undefined;
  readonly payload: Readonly<Record<string, unknown>>;
}

/**
 * Takes a token apart, as strictly as servers do.
 *
 * @returns the token; or, where they would refuse its form, the reason
 */
export function readUnproven(text: string): UnprovenToken | { readonly reason: string } {
  try {
    const parsed = parseJwt(text);
    return { text, keyId: parsed.kid, headerType: parsed.typ, payload: parsePayload(parsed) };
  } catch (error) {
    return { reason: String((error as AuthError).reason) };
  }
}

/** The audiences that it names, as far as they are texts. */
export function audiencesIn({ payload }: UnprovenToken): readonly string[] {
  return [payload['aud']].flat().filter((name) => typeof name === 'string');
}

/** The service that it names, if that is a name. */
export function serviceIn({ payload }: UnprovenToken): string | undefined {
  const { service } = payload as { readonly service?: unknown };
  return isServiceName(service) ? service : undefined;
}
