import { openBakery, PREVIEW } from './bakery.js';
import { passOn } from './proxy-faults.js';
import { makeCertificates } from './certificates.js';
import { type Call, type Fault, withToken } from './fault.js';
import { closedPort, portOf, type Stage } from './stage.js';

/** Asks this place instead of the bakery. */
const elsewhere =
  (place: (stage: Stage) => string | Promise<string>, ...options: readonly string[]) =>
  async (stage: Stage, isBroken: boolean): Promise<Call> => {
    const { gatewayUrl } = await openBakery(stage);
    const origin = isBroken ? await place(stage) : gatewayUrl;
    return { args: [origin + PREVIEW, ...options], env: withToken(stage.mint()) };
  };

/** What keeps the request from getting there at all. */
export const NETWORK_FAULTS: readonly Fault[] = [
  {
    title: 'the name of the host leads nowhere',
    step: 'name',
    seen: /no-such-bakery/,
    remedy: /name|DNS/,
    make: elsewhere(() => 'http://no-such-bakery:8000'),
  },
  {
    title: 'nobody listens on the port',
    step: 'connection',
    seen: /refused/i,
    remedy: /port|running/i,
    make: elsewhere(async () => `http://127.0.0.1:${await closedPort()}`),
  },
  {
    title: 'the port accepts and never answers',
    step: 'connection',
    seen: /answer/,
    remedy: /hang|port|busy|log/i,
    make: elsewhere(
      async (stage) => `http://127.0.0.1:${await stage.tcp((socket) => socket.resume())}`,
      '--timeout',
      '1s',
    ),
  },
  {
    title: 'the port accepts and hangs up',
    step: 'connection',
    remedy: /port|https|log/i,
    make: elsewhere(async (stage) => `http://127.0.0.1:${await stage.tcp((socket) => socket.destroy())}`),
  },
  {
    title: 'the port of https accepts and never answers',
    step: 'connection',
    seen: /answer/,
    remedy: /hang|port|busy/i,
    make: elsewhere(
      async (stage) => `https://127.0.0.1:${await stage.tcp((socket) => socket.resume())}`,
      '--timeout',
      '1s',
    ),
  },
  {
    title: 'something else than http answers',
    step: 'connection',
    seen: /HTTP/i,
    remedy: /port/,
    make: elsewhere(
      async (stage) => `http://127.0.0.1:${await stage.tcp((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))}`,
    ),
  },
  {
    title: 'https is spoken to a port of http',
    step: 'tls',
    remedy: /http:/,
    make: async (stage, isBroken) => {
      const { gatewayUrl } = await openBakery(stage);
      const origin = isBroken ? gatewayUrl.replace('http:', 'https:') : gatewayUrl;
      return { args: [origin + PREVIEW], env: withToken(stage.mint()) };
    },
  },
  {
    title: 'http is spoken to a port of https',
    step: 'connection',
    remedy: /https:/,
    needs: ['openssl'],
    make: elsewhere(async (stage) => {
      const { gatewayUrl } = await openBakery(stage);
      const { sound } = makeCertificates(stage);
      const origin = await stage.https(sound, (req, res) => passOn(gatewayUrl, req, res));
      return `http://127.0.0.1:${portOf(origin)}`;
    }),
  },
];
