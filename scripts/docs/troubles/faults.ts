import { randomBytes } from 'node:crypto';
import { request, type RequestListener } from 'node:http';
import { revocationListFromRedis } from 'service-auth/server';
import { type Flaws, GATEWAY_PORT, openBakery, PREVIEW, SILENT_LOGGER } from './bakery.js';
import type { Scene } from './scene.js';

/** Makes one trouble. @returns the command that finds it */
export type MakeTrouble = (scene: Scene) => Promise<string>;

const DAY_SECONDS = 24 * 60 * 60;

const doctor = (url: string, ...options: readonly string[]): string =>
  ['service-auth doctor', url, ...options].join(' ');
const otherSecret = (): string => randomBytes(48).toString('base64url');

/** Asks a bakery that has this flaw. */
const flawed =
  (flaws: Flaws, path = PREVIEW): MakeTrouble =>
  async (scene) =>
    doctor((await openBakery(scene, flaws)).origin + path);

/** Asks a sound bakery behind something that answers by itself. */
const answering = (status: number, headers: Readonly<Record<string, string>>, body: string): MakeTrouble =>
  flawed({ before: () => (_req, res) => res.writeHead(status, headers).end(body) });

/** A proxy that takes header lines away, or writes others over those of the answer. */
const proxy =
  (stripped: readonly string[], written: () => Readonly<Record<string, string>>) =>
  (origin: string): RequestListener =>
  ({ method, url: path, headers }, res) => {
    const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !stripped.includes(name)));
    request(origin, { method, path, headers: kept, agent: false }, (answer) => {
      res.writeHead(Number(answer.statusCode), { ...answer.headers, ...written() });
      answer.pipe(res);
    }).end();
  };

const tenMinutesAgo = (): string => new Date(Date.now() - 10 * 60 * 1000).toUTCString();

/** The troubles of docs/guides/troubleshooting.md, by the name that stands behind `console` in its blocks. */
export const TROUBLES: Readonly<Record<string, MakeTrouble>> = {
  well: flawed({}),
  'other-secret': flawed({ gateway: { keys: otherSecret() } }),
  expired: async (scene) => {
    const now = Math.floor(Date.now() / 1000);
    scene.changeToken({ iat: now - 21 * DAY_SECONDS, exp: now - DAY_SECONDS });
    return flawed({})(scene);
  },
  'other-assertion-key': flawed({ service: { keys: otherSecret() } }),
  'not-on-the-list': flawed({}, '/api/v1/orders/reports'),
  stripped: async (scene) => {
    const { origin, serviceUrl } = await openBakery(scene, { before: proxy(['authorization'], () => ({})) });
    return doctor(origin + PREVIEW, '--direct', serviceUrl);
  },
  'not-ours': answering(503, { 'Content-Type': 'text/html', Server: 'nginx' }, '<h1>503 Service Unavailable</h1>'),
  'own-bug': flawed({}, '/api/v1/orders/today'),
  down: async (scene) => flawed({ serviceUrl: await scene.nobody(8000) })(scene),
  clock: flawed({ before: proxy([], () => ({ date: tenMinutesAgo() })) }),
  redis: async (scene) => {
    const url = (await scene.nobody(6379)).replace('http:', 'redis:');
    const revocations = revocationListFromRedis({ url, logger: SILENT_LOGGER });
    scene.onEnd(revocations.close);
    return flawed({ gateway: { revocations } })(scene);
  },
  refused: async (scene) => doctor((await scene.nobody(GATEWAY_PORT)) + PREVIEW),
  tls: async (scene) => doctor((await openBakery(scene)).origin.replace('http:', 'https:') + PREVIEW),
};
