import { startNginx } from '../../../support/nginx.js';
import { openBakery, PREVIEW } from './bakery.js';
import { type Call, type Fault, withToken } from './fault.js';
import { closedPort, portOf, type Stage } from './stage.js';

/** The part of nginx's configuration that makes the fault, before a gateway at `port`. */
type Location = (port: number, folder: string) => string;

const pass = (port: number, more = ''): string =>
  `location / { proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.1; proxy_set_header Connection ""; ${more} }`;

/** Has a real nginx stand before the service, behind the gateway. */
const beforeService =
  (broken: Location) =>
  async (stage: Stage, isBroken: boolean): Promise<Call> => {
    const { serviceUrl } = await openBakery(stage);
    const location = isBroken ? broken : (port: number) => pass(port);
    const nginx = await startNginx(stage.program('nginx'), (folder) => location(portOf(serviceUrl), folder));
    stage.onEnd(nginx.stop);
    const { gatewayUrl } = await openBakery(stage, { serviceUrl: `http://127.0.0.1:${nginx.port}` });
    return { args: [gatewayUrl + PREVIEW], env: withToken(stage.mint()) };
  };

/** Asks the service itself through a real nginx, past the gateway. */
const pastGateway =
  (broken: Location) =>
  async (stage: Stage, isBroken: boolean): Promise<Call> => {
    const { serviceUrl } = await openBakery(stage);
    const location = isBroken ? broken : (port: number) => pass(port);
    const nginx = await startNginx(stage.program('nginx'), (folder) => location(portOf(serviceUrl), folder));
    stage.onEnd(nginx.stop);
    return { args: [`http://127.0.0.1:${nginx.port}${PREVIEW}`], env: withToken(stage.mint()) };
  };

/** Asks a sound bakery through a real nginx. */
const behindNginx =
  (broken: (stage: Stage) => Location | Promise<Location>) =>
  async (stage: Stage, isBroken: boolean): Promise<Call> => {
    const { gatewayUrl } = await openBakery(stage);
    const location = isBroken ? await broken(stage) : (port: number) => pass(port);
    const nginx = await startNginx(stage.program('nginx'), (folder) => location(portOf(gatewayUrl), folder));
    stage.onEnd(nginx.stop);
    return { args: [`http://127.0.0.1:${nginx.port}${PREVIEW}`], env: withToken(stage.mint()) };
  };

const NGINX = ['nginx'];

/** Faults of an nginx between the client and the gateway. */
export const NGINX_FAULTS: readonly Fault[] = [
  {
    title: 'nginx strips Authorization',
    step: 'token-arrives',
    seen: /missing_credentials/,
    remedy: /Authorization/,
    needs: NGINX,
    make: behindNginx(() => (port) => pass(port, 'proxy_set_header Authorization "";')),
  },
  {
    title: 'nginx puts credentials of its own in the place of ours',
    step: 'token-arrives',
    remedy: /Authorization/,
    needs: NGINX,
    make: behindNginx(() => (port) => pass(port, 'proxy_set_header Authorization "Basic dXNlcjpwYXNz";')),
  },
  {
    title: 'nginx wants a password',
    step: 'token-arrives',
    seen: /401/,
    remedy: /nginx|Basic|password/,
    needs: NGINX,
    make: behindNginx(() => (port, folder) => pass(port, `auth_basic "Staff"; auth_basic_user_file ${folder}/nobody;`)),
  },
  ...[401, 403, 404].map(
    (status): Fault => ({
      title: `nginx answers ${String(status)} by itself`,
      step: 'token-arrives',
      seen: new RegExp(`${String(status)}[^]*nginx|nginx[^]*${String(status)}`),
      remedy: /nginx|proxy|ingress|between/,
      needs: NGINX,
      make: behindNginx(() => () => `location / { return ${String(status)}; }`),
    }),
  ),
  {
    title: 'nginx forbids our address',
    step: 'token-arrives',
    seen: /403/,
    remedy: /nginx|proxy|ingress|between/,
    needs: NGINX,
    make: behindNginx(() => (port) => pass(port, 'deny all;')),
  },
  {
    title: 'nginx cannot reach the gateway',
    step: 'token-arrives',
    seen: /502/,
    remedy: /gateway|reach|behind/,
    needs: NGINX,
    make: behindNginx(async () => {
      const nobody = await closedPort();
      return () => pass(nobody);
    }),
  },
  {
    title: 'nginx waits for the gateway in vain',
    step: 'token-arrives',
    seen: /504/,
    remedy: /gateway|answer|behind/,
    needs: NGINX,
    make: behindNginx(async (stage) => {
      const silent = await stage.tcp((socket) => socket.resume());
      return () => pass(silent, 'proxy_read_timeout 1s;');
    }),
  },
  {
    title: 'nginx limits how often may be asked',
    step: 'token-arrives',
    seen: /429/,
    remedy: /nginx|later|limit/i,
    needs: NGINX,
    make: behindNginx(() => () => 'location / { return 429; }'),
  },
  {
    title: 'nginx is under maintenance',
    step: 'token-arrives',
    seen: /503/,
    remedy: /nginx|between|proxy|ingress/i,
    needs: NGINX,
    make: behindNginx(() => () => 'location / { return 503; }'),
  },
  {
    title: 'nginx sends everybody to https',
    step: 'token-arrives',
    seen: /301/,
    remedy: /https:/,
    needs: NGINX,
    make: behindNginx(() => () => 'location / { return 301 https://shop.example$request_uri; }'),
  },
  {
    title: 'nginx takes no header as large as a token',
    step: 'token-arrives',
    seen: /400|431/,
    remedy: /header/,
    needs: NGINX,
    make: behindNginx(
      () => (port) => `large_client_header_buffers 1 512; client_header_buffer_size 512; ${pass(port)}`,
    ),
  },
  {
    title: 'nginx strips Authorization before a service that is asked past the gateway',
    step: 'token-arrives',
    seen: /missing_credentials/,
    remedy: /Authorization/,
    needs: NGINX,
    make: pastGateway((port) => pass(port, 'proxy_set_header Authorization "";')),
  },
  {
    title: 'nginx says of everybody who they are, before a service that is asked past the gateway',
    step: 'trust',
    seen: /conflicting_identity/,
    remedy: /proxy|between/,
    needs: NGINX,
    make: pastGateway((port) => pass(port, 'proxy_set_header X-User-Id anybody;')),
  },
  {
    title: "nginx strips the gateway's assertion on its way to the service",
    step: 'trust',
    seen: /unproven_identity|missing_credentials/,
    remedy: /X-Gateway-Assertion/,
    needs: NGINX,
    make: beforeService((port) => pass(port, 'proxy_set_header X-Gateway-Assertion "";')),
  },
  {
    title: 'nginx between gateway and service cannot reach the service',
    step: 'service',
    seen: /502/,
    remedy: /service|port/,
    needs: NGINX,
    make: beforeService(() => pass(1)),
  },
];
