import http from 'node:http';
import { openBakery, PREVIEW } from './bakery.js';
import { type Call, type Fault, withToken } from './fault.js';
import type { Stage } from './stage.js';

/** Stands before a bakery, and lets through what it does not answer itself. */
const behindProxy =
  (answer: (req: http.IncomingMessage, res: http.ServerResponse, stage: Stage) => unknown) =>
  async (stage: Stage, isBroken: boolean): Promise<Call> => {
    const { gatewayUrl } = await openBakery(stage);
    const origin = await stage.http((req, res) => {
      if (isBroken) answer(req, res, stage);
      else passOn(gatewayUrl, req, res);
    });
    return { args: [origin + PREVIEW], env: withToken(stage.mint()) };
  };

/** Passes a request on, and its answer back with these headers changed, or (undefined) left out. */
export function passOn(
  to: string,
  req: http.IncomingMessage,
  res: http.ServerResponse,
  changed: Readonly<Record<string, string | undefined>> = {},
): void {
  const { method, url: path, headers } = req;
  http
    .request(to, { method, path, headers, agent: false }, (answer) => {
      const lines = Object.entries({ ...answer.headers, ...changed }).filter(([, value]) => value !== undefined);
      res.writeHead(answer.statusCode as number, Object.fromEntries(lines));
      answer.pipe(res);
    })
    .end();
}

const LOGIN =
  '<!doctype html><html><head><title>Sign in</title></head><body><form method="post">…</form></body></html>';

/** Faults of other things than nginx between the client and the gateway. */
export const PROXY_FAULTS: readonly Fault[] = [
  {
    title: 'a login page answers with 200',
    step: 'token-arrives',
    seen: /html|page/i,
    remedy: /login|sign|between|proxy|ingress/i,
    make: behindProxy((_req, res) => res.writeHead(200, { 'Content-Type': 'text/html' }).end(LOGIN)),
  },
  {
    title: 'everybody is sent to a login page',
    step: 'token-arrives',
    seen: /302/,
    remedy: /login|sign|between|proxy|ingress/i,
    make: behindProxy((_req, res) => res.writeHead(302, { Location: '/login?next=%2F' }).end()),
  },
  {
    title: 'a mesh refuses us',
    step: 'token-arrives',
    seen: /403/,
    remedy: /mesh|envoy|between|proxy|ingress|policy/i,
    make: behindProxy((_req, res) =>
      res.writeHead(403, { 'Content-Type': 'text/plain', Server: 'envoy' }).end('RBAC: access denied'),
    ),
  },
  {
    title: 'an API gateway of another make refuses us',
    step: 'token-arrives',
    seen: /401/,
    remedy: /between|proxy|ingress/i,
    make: behindProxy((_req, res) =>
      res
        .writeHead(401, {
          'Content-Type': 'application/json',
          'WWW-Authenticate': 'Key realm="kong"',
          Server: 'kong/3.4',
        })
        .end('{"message":"No API key found in request"}'),
    ),
  },
];
