import { expect } from 'chai';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { gatewayAuth } from '../../lib/server/gateway/gateway-auth.js';
import { gateway } from '../../lib/server/gateway/gateway.js';
import { requireRole } from '../../lib/server/require-role.js';
import { requireService } from '../../lib/server/require-service.js';
import { deriveAssertionKey } from '../../lib/shared/assertion-keys.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { createRevocationList } from '../../lib/shared/revocation.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { inEnvironment } from '../support/in-environment.js';
import { newEcPair, newSecret } from '../support/keys.js';
import { recordingLogger } from '../support/recording-logger.js';
import { thrownBy } from '../support/refusals.js';

const keys = newSecret();
const pair = newEcPair();
const other = newEcPair();
const logger = recordingLogger();
const ring = (options: object): unknown => createKeyRing(options);
const context = (options: object): unknown => contextFromGateway({ keys, audience: null, logger, ...options });
const door = (options: object): unknown =>
  gateway({ keys, routes: { '/a': 'http://orders-service' }, logger, ...options });
const routes = (target: unknown, prefix = '/a'): unknown => door({ routes: { [prefix]: target } });
const inProduction = (env: Record<string, string>): unknown =>
  inEnvironment({ NODE_ENV: 'production', ...env }, () => contextFromGateway({ logger }));

// What the operator reads: which setting, what is wrong with it, what to do.
const ROWS: readonly (readonly [message: string, act: () => unknown])[] = [
  // Keys
  ['current.algorithm must be one of HS256, HS384, ', () => ring({ current: { key: keys, algorithm: 'none' } })],
  [
    'current is no text: it holds half a character (a lone surrogate). Give bytes',
    () => ring({ current: `\ud800${keys}` }),
  ],
  [
    'current must be a key in PEM form ("-----BEGIN …"), as ES256 uses a key pair.',
    () => ring({ current: keys, algorithm: 'ES256' }),
  ],
  [
    'current must be a secret, a PEM, a KeyObject or { key, algorithm?, kid?, service? }, not 7.',
    () => ring({ current: 7 }),
  ],
  [
    'current is a key pair of type EC on curve prime256v1, which cannot be used with RS256.',
    () => ring({ current: { key: pair.privateKey, algorithm: 'RS256' } }),
  ],
  [
    'current is not a readable PEM. Give it whole, from its BEGIN line to its END line.',
    () => ring({ current: pair.publicPem.slice(0, 90), algorithm: 'ES256' }),
  ],
  ['current.kid must be 1 to 256 visible ASCII characters.', () => ring({ current: { key: keys, kid: '' } })],
  ['current.service must be a service name such as ', () => ring({ current: { key: keys, service: 'A' } })],
  // Assertions
  [
    'keys must have a shared secret, bound to no service, as its current key.',
    () => deriveAssertionKey('a', { keys: pair.privatePem }),
  ],
  ['assertionKeys must hold a key.', () => context({ assertionKeys: [] })],
  [
    "assertionKeys is the gateway's private key. A service gets the public one only.",
    () => context({ assertionKeys: pair.privatePem }),
  ],
  [
    'assertionKeys must be a derived key (43 characters, deriveAssertionKey makes one for each service) or the public key of the gateway in PEM form, not the text',
    () => context({ assertionKeys: 'abc' }),
  ],
  [
    'assertionKeys holds a key of tokens. The gateway has a key of its own for assertions.',
    () => context({ keys: pair.privatePem, assertionKeys: pair.publicPem }),
  ],
  // Services
  [
    'SERVICE_NAME is not set, and in production a service must know its name',
    () => inProduction({ JWT_SECRET_KEY: keys }),
  ],
  ['JWT_SECRET_KEY is not set. ', () => inProduction({})],
  ['or name the peers to believe in trustedNetworks.', () => inProduction({})],
  [
    "service must be a service name such as 'orders-service' (lower-case letters, digits and single dashes, starting with a letter, at most 63 characters), not the text",
    () => createServiceToken('A', { keys }),
  ],
  [
    "tokenId must be a token's jti, not 7.",
    () => {
      createRevocationList().revokeToken(7 as never);
    },
  ],
  [
    'expiresAt must be a time in seconds since 1970, not NaN.',
    () => {
      createRevocationList().revokeToken('a', { expiresAt: Number.NaN });
    },
  ],
  // Trust
  [
    "trustedNetworks must be a list such as ['10.0.0.0/8'], not the text",
    () => context({ trustedNetworks: 'loopback' }),
  ],
  [
    "trustedNetworks may hold addresses ('10.1.2.3'), blocks ('10.0.0.0/8'), 'loopback', 'private' and 'unix', not '10.0.0.0/33'.",
    () => context({ trustedNetworks: ['10.0.0.0/33'] }),
  ],
  [
    "trustedNetworks must not hold '0.0.0.0/0': it believes nearly everybody. The widest block is an IPv4 /8 or an IPv6 /7.",
    () => context({ trustedNetworks: ['0.0.0.0/0'] }),
  ],
  ['required must be true or false, not 1.', () => context({ required: 1 })],
  [
    'logger must have debug, info, warn and error, as a winston logger has, not an object.',
    () => context({ logger: {} }),
  ],
  // Guards
  [
    "requireService takes names, or one object: requireService('a', 'b') or requireService({ services: ['a', 'b'] }), not null.",
    () => requireService(null as never),
  ],
  [
    'services must be a list with an entry, not an empty array. Leave it out for any.',
    () => requireService({ services: [] }),
  ],
  [
    'services has an entry that can match nobody: the text that was given breaks the rule for such a name.',
    () => requireService('A'),
  ],
  ["roles is missing: requireRole('admin') names at least one.", () => (requireRole as () => unknown)()],
  [
    'requireService is a factory. Call it: app.use(requireService()) instead of app.use(requireService).',
    () => requireService({ headers: {} } as never, { setHeader: () => 0 } as never),
  ],
  // Gateway
  [
    'keys is missing, and so are JWT_KEYS_FILE and JWT_SECRET_KEY: a gateway needs the keys that tokens are signed with.',
    () => door({ keys: undefined }),
  ],
  [
    'assertionKeys is needed, as the current key in keys is no shared secret: give the gateway a key pair (or a secret)',
    () => door({ keys: pair.privatePem }),
  ],
  [
    'assertionKeys has no current key that may sign.',
    () => door({ keys: pair.privatePem, assertionKeys: { previous: other.publicPem } }),
  ],
  [
    "routes must map path prefixes to services, such as { '/api/v1/orders': 'http://orders-service:8000' }.",
    () => door({ routes: {} }),
  ],
  [
    "routes['/a/'] must have a plain path as its key, such as /api/v1/orders: no slash at the end, no query.",
    () => routes('http://a', '/a/'),
  ],
  [
    "routes['/a'] must lead to an http or https URL such as http://orders-service:8000, not the text",
    () => routes('ftp://a'),
  ],
  ["routes['/a'] must lead to scheme, host and port only. The path is passed on unchanged", () => routes('http://a/b')],
  [
    "routes['/a'] leads to 127.0.0.1, which does not tell the service's name. Give it: { url: 'http://127.0.0.1:8000', service: 'orders-service' }.",
    () => routes('http://127.0.0.1:8000'),
  ],
  ["routes['/a'] (the first label of its host) must be a service name", () => routes('http://a_b.example')],
  ["public must be a list such as ['POST /api/v1/auth/login'], not the text", () => door({ public: 'GET /' })],
  [
    "public holds an entry that is not a method and an exact path, such as 'POST /api/v1/auth/login'.",
    () => door({ public: ['/a'] }),
  ],
  ['connectTimeoutMs must be a whole number from 1 to 600000, not 0.', () => door({ connectTimeoutMs: 0 })],
  ["'service' is not an option of gateway. ", () => door({ service: 'a' })],
  ['options of gateway must be an object such as { routes: … }.', () => gateway(7 as never)],
  [
    "'forwardAuthorisation' is not an option of gatewayAuth. Did you mean 'forwardAuthorization'?",
    () => gatewayAuth({ keys, forwardAuthorisation: true } as never),
  ],
];

describe('errors at construction', () => {
  for (const [message, act] of ROWS) {
    it(`say: ${message}`, () => {
      const error = inEnvironment({}, () => thrownBy(act)) as Error;
      expect(error.message).to.include(message);
      expect(error.message).not.to.include(keys);
    });
  }

  it('have their twins: the same without the defect is taken', () => {
    for (const act of [
      () => ring({ current: { key: keys, algorithm: 'HS256', kid: 'a', service: 'a' } }),
      () => context({ assertionKeys: other.publicPem, trustedNetworks: ['10.0.0.0/8'], required: true }),
      () => door({ public: ['GET /a'], connectTimeoutMs: 1 }),
      () => routes({ url: 'http://127.0.0.1', service: 'orders-service' }),
      () => requireService({ services: ['a'] }),
      () => requireRole('admin'),
    ]) {
      expect(act).not.to.throw();
    }
  });
});
