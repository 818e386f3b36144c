import { openBakery, PREVIEW } from './bakery.js';
import { passOn } from './proxy-faults.js';
import { type Certificates, makeCertificates, type Pair } from './certificates.js';
import { type Call, type Fault, withToken } from './fault.js';
import type { Stage } from './stage.js';

/** Asks a bakery over TLS, whose certificate is chosen; of the authority, the client is told or not. */
const withCertificate =
  (choose: (certificates: Certificates) => Pair, isAuthorityKnown: boolean) =>
  async (stage: Stage, isBroken: boolean): Promise<Call> => {
    const { gatewayUrl } = await openBakery(stage);
    const certificates = makeCertificates(stage);
    const pair = isBroken ? choose(certificates) : certificates.sound;
    const origin = await stage.https(pair, (req, res) => passOn(gatewayUrl, req, res));
    const trust = isBroken && !isAuthorityKnown ? [] : ['--ca', certificates.authority];
    return { args: [origin + PREVIEW, ...trust], env: withToken(stage.mint()) };
  };

const OPENSSL = ['openssl'];

/** What is wrong with a certificate. */
export const TLS_FAULTS: readonly Fault[] = [
  {
    title: 'an authority that nobody knows signed the certificate',
    step: 'tls',
    seen: /authority|issuer|signed/i,
    remedy: /NODE_EXTRA_CA_CERTS/,
    needs: OPENSSL,
    make: withCertificate(({ sound }) => sound, false),
  },
  {
    title: 'the certificate is for another host',
    step: 'tls',
    seen: /localhost/,
    remedy: /name|host/,
    needs: OPENSSL,
    make: withCertificate(({ ofAnotherHost }) => ofAnotherHost, true),
  },
  {
    title: 'the certificate has expired',
    step: 'tls',
    seen: /expired/,
    remedy: /renew/,
    needs: OPENSSL,
    make: withCertificate(({ expired }) => expired, true),
  },
  {
    title: 'the server wants a certificate of ours',
    step: 'tls',
    remedy: /certificate|mesh|mTLS/i,
    needs: OPENSSL,
    make: async (stage, isBroken) => {
      const { gatewayUrl } = await openBakery(stage);
      const { sound, authority } = makeCertificates(stage);
      const demand = { requestCert: isBroken, rejectUnauthorized: isBroken };
      const origin = await stage.https({ ...sound, ...demand }, (req, res) => passOn(gatewayUrl, req, res));
      return { args: [origin + PREVIEW, '--ca', authority], env: withToken(stage.mint()) };
    },
  },
];
