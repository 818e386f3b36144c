import type { ClientFacts, ReadAnswer } from './evidence.js';
import { generateCommand } from './generate-command.js';
import { revokedRemedy } from './token-steps.js';

/** What a remedy depends on. */
export interface RemedyContext {
  readonly authed: ReadAnswer;
  readonly bare: ReadAnswer | undefined;
  readonly client: ClientFacts;
}

/** What mends a refusal of ours. */
export function remedyOfCode(code: string, context: RemedyContext): string {
  // A server may call its code `constructor`.
  const remedy = Object.hasOwn(REMEDIES, code) ? REMEDIES[code] : undefined;
  return remedy === undefined ? `docs/errors.md says what ${code} means. ${lookUp(context.authed)}` : remedy(context);
}

/** Who refuses writes the reason into a log of their own, and of two that may have refused one has the line. */
function lookUp({ meaning: { by } }: ReadAnswer): string {
  const log = by === 'unknown' ? 'the log of the gateway or of the service' : `the log of the ${by}`;
  return `The reason stands in ${log}, in the line with the request id.`;
}

const REMEDIES: Readonly<Record<string, ((context: RemedyContext) => string) | undefined>> = {
  missing_credentials: missingCredentials,
  invalid_token: invalidToken,
  token_expired: ({ authed, client }) =>
    `By our clock the token is alive, so the clock of ${authed.meaning.by === 'service' ? 'the service' : 'the gateway'} must be ahead. Set it by NTP (chrony). Or mint a longer-lived token: ${generateCommand(client.service)}.`,
  token_revoked: ({ client }) => revokedRemedy(client.service),
  audience_not_allowed: audience,
  wrong_audience: wrongAudience,
  conflicting_identity: ({ authed }) =>
    authed.meaning.gateway === undefined
      ? 'Something in between adds identity headers (x-user-…, x-service-name) that name somebody else. Take that out of the proxy.'
      : 'Something between gateway and service adds identity headers or another Authorization (a sidecar, forwardAuthorization of the gateway). Take that out: the assertion says who calls.',
  unproven_identity: unproven,
  malformed_identity: () =>
    'Something in between writes identity headers (x-user-…, x-service-name), doubled or in part. Take that out of the proxy: only the gateway writes them.',
  keys_unavailable: ({ authed }) =>
    `${whose(authed)} has no keys yet: its key file or key server cannot be read. Mend JWT_KEYS_FILE there (is the secret mounted?). The token is not at fault.`,
  revocations_stale: ({ authed }) =>
    `${whose(authed)} cannot read its revocations: bring their source (Redis at REDIS_URL, or the file) back. The token is not at fault.`,
  service_required: ({ authed }) =>
    `The service knows who calls, and does not take it for a service. Is the token a service's ('service-auth verify')? If so, other middleware (passport, say) replaces req.user after contextFromGateway(): take it off this route. ${lookUpIfThere(authed)}`,
  service_not_allowed: ({ client }) =>
    `Add ${client.service === undefined ? 'this service' : `'${client.service}'`} to the services of requireService(…) at this endpoint (of tenantDataRouter(): its option services), or call with the token of one that is on the list.`,
  scope_missing: ({ client }) =>
    `Mint a token with the scope that the endpoint asks for: service-auth generate ${client.service ?? '<service>'} --scope '…'. Its code says which (requireService({ scopes })).`,
  user_required: () =>
    'The endpoint is for people (requireUser()): call it with the access token of a person, or open it to services with requireService().',
  role_not_allowed: () => 'Add the role of this token to requireRole(…) at this endpoint, or ask for another endpoint.',
  bad_path: () =>
    'The path is not in its normal form (//, .., %2f, a backslash). Write it plainly; the base URL may end in a slash too many.',
  bad_request: ({ authed }) =>
    `Something in between writes the request so that it can be read in two ways (two Host lines, say). ${lookUp(authed)}`,
  bad_identity_header: ({ authed }) =>
    `The token names a caller that cannot stand in a header. Mint it anew. ${lookUp(authed)}`,
  upstream_unreachable: () =>
    'The gateway accepts the token and cannot reach the service, or the service breaks off: is it running, or does it crash (its log)? Does the route of the gateway lead to its host and port, and if it says https, is the certificate there one that the gateway trusts?',
  upstream_timeout: () =>
    'The gateway accepts the token and the service does not answer in time: does it hang, or is it slow (its log)? responseTimeoutMs of the gateway is how long it waits.',
};

function whose({ meaning }: ReadAnswer): string {
  return meaning.by === 'service' ? 'The service' : 'The gateway';
}

function lookUpIfThere(read: ReadAnswer): string {
  return read.meaning.hasRequestId ? lookUp(read) : '';
}

function missingCredentials({ authed, bare }: RemedyContext): string {
  const { by, gateway, hasRequestId } = authed.meaning;
  if (by !== 'service' || (gateway === undefined && hasRequestId)) {
    return 'Something on the way (an ingress, nginx, a load balancer) takes the Authorization header away or replaces it. Have it pass on: proxy_set_header Authorization $http_authorization; in nginx; take out what overwrites it.';
  }
  if (gateway === undefined) {
    return 'The guard ran before contextFromGateway(): mount app.use(contextFromGateway()) above the routes.';
  }
  if (bare?.meaning.gateway !== undefined) {
    return "The path is a public entry of the gateway, which passes no token on there. Take it out of 'public', or take the guard off the endpoint.";
  }
  return 'The gateway vouches for us, and the service sees nothing of it: is contextFromGateway() mounted above its routes, and does something between the two (a sidecar, a proxy) take X-Gateway-Assertion away?';
}

function invalidToken({ authed, client }: RemedyContext): string {
  const { by, gateway } = authed.meaning;
  if (by === 'service' && gateway !== undefined) {
    return `The service does not believe the gateway: give both the same secret (JWT_SECRET_KEY), or the service the key that 'service-auth keys derive${client.target === undefined ? '' : ` ${client.target}`}' prints for the gateway's current key (GATEWAY_ASSERTION_KEY). If the keys are right, their clocks differ. ${lookUp(authed)}`;
  }
  const place = by === 'service' ? 'the service' : 'the gateway';
  const key = client.keyId === undefined ? '' : ` (key id ${client.quote(client.keyId)})`;
  const know =
    client.isSignedByUs === true
      ? `The keys here prove the token, so ${place} has others: give it the key that signed it${key} (JWT_SECRET_KEY, or its key file), and restart it if it does not follow the file. If it has that key, something on the way changes the Authorization header.`
      : `${whose(authed)} does not have the key that signed the token${key}, or the token was changed. Mint one with the keys of ${place} ('service-auth generate'), or give ${place} the key (JWT_SECRET_KEY, or its key file). With --keys doctor tells which.`;
  return `${know} ${lookUp(authed)}`;
}

function unproven({ authed, client }: RemedyContext): string {
  if (authed.meaning.gateway === undefined) {
    return 'The service has no key of tokens: call it through the gateway, or give it JWT_SECRET_KEY (or a key file) if it is to be called directly.';
  }
  const derive = `'service-auth keys derive${client.target === undefined ? '' : ` ${client.target}`}'`;
  return `The service has no key for what it gets. Give it GATEWAY_ASSERTION_KEY (${derive} prints it) or JWT_SECRET_KEY. If it has the former, the gateway sends the token along too (forwardAuthorization): turn that off; and if it has a key, something between the two (a sidecar, a proxy) may take X-Gateway-Assertion away and leave the other headers.`;
}

function audience({ client }: RemedyContext): string {
  const meant = client.target ?? '<service>';
  return `Mint a token for the service that is asked: service-auth generate ${client.service ?? '<service>'} --audience ${meant}; or without --audience, for all of them.`;
}

function wrongAudience(context: RemedyContext): string {
  const { authed, client } = context;
  if (authed.meaning.gateway !== undefined) {
    return `The service has another name than the gateway's route says: set SERVICE_NAME (or the option audience) of the service to the name in the route${client.target === undefined ? '' : ` (${client.target}?)`}, or mend the route, if it leads to another service.`;
  }
  if (client.target !== undefined && client.audiences.includes(client.target)) {
    return `The token is for ${client.target}, and the service takes itself for another: set its SERVICE_NAME (or the option audience) to ${client.target}.`;
  }
  return `${audience(context)} If the token is right, SERVICE_NAME of the service is not.`;
}
