import { createRevocationList } from '../../../../lib/shared/revocation.js';
import { createServiceToken } from '../../../../lib/shared/service-token.js';
import { accessClaims, serviceClaims } from '../../../support/claims.js';
import { encodePart, forge } from '../../../support/forge.js';
import { newSecret } from '../../../support/keys.js';
import { payloadOf } from '../../cli.js';
import { openBakery, PREFIX, PREVIEW } from './bakery.js';
import { askWith } from './ask-bakery.js';
import { type Fault, withToken } from './fault.js';
import { CLIENT, type Stage } from './stage.js';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** A token whose claims are the usual ones, but for these. */
function forged(stage: Stage, changes: Readonly<Record<string, unknown>>): string {
  const name = { sub: CLIENT, user_id: CLIENT, service: CLIENT, email: `${CLIENT}@internal.service` };
  return stage.keep(forge(stage.secret, { alg: 'HS256', typ: 'JWT' }, serviceClaims({ ...name, ...changes })));
}

const now = (): number => Math.floor(Date.now() / 1000);

/** What is wrong with the token itself. */
export const TOKEN_FAULTS: readonly Fault[] = [
  {
    title: 'somebody changed a claim of the token',
    step: 'token-signature',
    seen: /bad_signature/,
    remedy: /generate/,
    make: (stage, isBroken) => {
      const token = stage.mint();
      const [header, , signature] = token.split('.');
      const changed = [header, encodePart({ ...payloadOf(token), role: 'owner' }), signature].join('.');
      return askWith(stage, isBroken ? stage.keep(changed) : token);
    },
  },
  {
    title: 'the token is signed by nobody',
    step: 'token-form',
    remedy: /generate/,
    make: (stage, isBroken) => {
      const token = stage.mint();
      const unsigned = `${encodePart({ alg: 'none', typ: 'JWT' })}.${String(token.split('.')[1])}.`;
      return askWith(stage, isBroken ? stage.keep(unsigned) : token);
    },
  },
  {
    title: 'the claims of the token name two services',
    step: 'token-form',
    remedy: /generate/,
    make: (stage, isBroken) => askWith(stage, forged(stage, isBroken ? { sub: 'sales-service' } : {})),
  },
  {
    title: 'the client was given a token of other keys, and has the right keys',
    step: 'token-signature',
    remedy: /JWT_SECRET_KEY|keys/,
    make: (stage, isBroken) =>
      askWith(stage, isBroken ? stage.keep(createServiceToken(CLIENT, { keys: newSecret() })) : stage.mint()),
  },
  {
    title: 'the client was given a token of other keys, and has no keys',
    step: 'gateway',
    seen: /invalid_token/,
    remedy: /JWT_SECRET_KEY|keys/,
    make: (stage, isBroken) => {
      const token = isBroken ? stage.keep(createServiceToken(CLIENT, { keys: newSecret() })) : stage.mint();
      return askWith(stage, token, { env: { ...withToken(token), JWT_SECRET_KEY: undefined } });
    },
  },
  {
    title: 'the token has expired',
    step: 'token-alive',
    seen: /expired/,
    remedy: /generate/,
    make: (stage, isBroken) =>
      askWith(stage, forged(stage, isBroken ? { iat: now() - 2 * DAY, exp: now() - DAY } : {})),
  },
  {
    title: 'the token has expired, and the client has no keys',
    step: 'token-alive',
    seen: /expired/,
    remedy: /generate/,
    make: (stage, isBroken) => {
      const token = forged(stage, isBroken ? { iat: now() - 2 * DAY, exp: now() - DAY } : {});
      return askWith(stage, token, { env: { ...withToken(token), JWT_SECRET_KEY: undefined } });
    },
  },
  {
    title: 'the token is not valid yet',
    step: 'token-alive',
    seen: /not valid (?:yet|before)|valid from/i,
    remedy: /clock|until/i,
    make: (stage, isBroken) => askWith(stage, forged(stage, isBroken ? { nbf: now() + 10 * MINUTE } : {})),
  },
  {
    title: 'the token was minted by a clock that is ahead',
    step: 'token-alive',
    seen: /issued|future|valid/i,
    remedy: /clock/i,
    make: (stage, isBroken) =>
      askWith(stage, forged(stage, isBroken ? { iat: now() + 10 * MINUTE, exp: now() + DAY } : {})),
  },
  {
    title: "it is a person's token",
    step: 'token-type',
    seen: /person|access/i,
    remedy: /generate|service token|service's token/i,
    make: (stage, isBroken) => {
      const person = forge(stage.secret, { alg: 'HS256', typ: 'JWT' }, accessClaims());
      return askWith(stage, isBroken ? stage.keep(person) : stage.mint());
    },
  },
  {
    title: 'the token was revoked, and the list is here',
    step: 'token-revoked',
    seen: /revocations here/,
    remedy: /generate/,
    make: async (stage, isBroken) => {
      const token = stage.mint();
      const id = String(payloadOf(isBroken ? token : stage.mint())['jti']);
      await stage.cli.run(['revoke', id]);
      return askWith(stage, token);
    },
  },
  {
    title: 'all that the service was issued was revoked, and the list is here',
    step: 'token-revoked',
    seen: /revocations here/,
    remedy: /generate/,
    make: async (stage, isBroken) => {
      const token = forged(stage, { iat: now() - MINUTE });
      await stage.cli.run(['revoke', isBroken ? CLIENT : 'sales-service']);
      return askWith(stage, token);
    },
  },
  {
    title: 'the gateway knows that the token was revoked',
    step: 'token-revoked',
    seen: /token_revoked/,
    remedy: /generate/,
    make: async (stage, isBroken) => {
      const token = stage.mint();
      const { gatewayUrl } = await openBakery(stage, { gateway: { revocations: revoking(token, isBroken) } });
      return { args: [gatewayUrl + PREVIEW], env: withToken(token) };
    },
  },
  {
    title: 'only the service knows that the token was revoked',
    step: 'token-revoked',
    seen: /token_revoked/,
    remedy: /generate/,
    make: async (stage, isBroken) => {
      const token = stage.mint();
      const { gatewayUrl } = await openBakery(stage, { service: { revocations: revoking(token, isBroken) } });
      return { args: [gatewayUrl + PREVIEW], env: withToken(token) };
    },
  },
  {
    title: 'the service, asked directly, knows that the token was revoked',
    step: 'token-revoked',
    seen: /token_revoked/,
    remedy: /generate/,
    make: async (stage, isBroken) => {
      const token = stage.mint();
      const { serviceUrl } = await openBakery(stage, { service: { revocations: revoking(token, isBroken) } });
      return { args: [serviceUrl + PREVIEW], env: withToken(token) };
    },
  },
  {
    title: 'the token is for another service, and goes through the gateway',
    step: 'token-audience',
    seen: /audience_not_allowed/,
    remedy: /--audience|audience/,
    make: (stage, isBroken) =>
      askWith(stage, stage.mint({ audience: isBroken ? 'inventory-service' : 'orders-service' })),
  },
  {
    title: 'the token is for another service, and goes to the service',
    step: 'token-audience',
    seen: /wrong_audience/,
    remedy: /audience|SERVICE_NAME/,
    make: async (stage, isBroken) => {
      const { serviceUrl } = await openBakery(stage);
      const token = stage.mint({ audience: isBroken ? 'inventory-service' : 'orders-service' });
      return { args: [serviceUrl + PREVIEW], env: withToken(token) };
    },
  },
  {
    title: 'the token lacks a scope',
    step: 'guard',
    seen: /scope_missing/,
    remedy: /--scope|scope/,
    make: async (stage, isBroken) => {
      const { gatewayUrl } = await openBakery(stage);
      const token = isBroken ? stage.mint() : stage.mint({ scope: 'orders:read' });
      return { args: [`${gatewayUrl}${PREFIX}/scoped`], env: withToken(token) };
    },
  },
];

function revoking(token: string, isBroken: boolean): ReturnType<typeof createRevocationList> {
  const list = createRevocationList();
  if (isBroken) list.revokeToken(String(payloadOf(token)['jti']));
  return list;
}
