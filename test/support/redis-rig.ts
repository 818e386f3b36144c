import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRedisClient, type RedisClient } from '../../lib/shared/redis/redis-client.js';
import { resolveRedis } from '../../lib/shared/redis/redis-options.js';
import { needsProgram } from './needs-program.js';
import { type RedisServer, startRedis } from './redis-server.js';

/** After the end of whatever the tests make. */
export const LATER = 4_000_000_000;

/** Waits for what other processes and a server do in their own time, as long as a slow machine may take. */
export async function eventually(condition: () => boolean): Promise<void> {
  const until = process.hrtime.bigint() + 30_000_000_000n;
  while (!condition()) {
    if (process.hrtime.bigint() > until) throw new Error(`never happened: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A client that is not the tested one, and comes back where its Redis does. */
export async function connected(url: string): Promise<RedisClient> {
  const client = await createRedisClient(resolveRedis({ url }), { reconnectStrategy: () => 50 });
  client.on('error', () => undefined);
  return client.connect();
}

/** A Redis of a suite's own, and a client of it. */
export interface SuiteRedis {
  readonly redis: RedisServer;
  readonly client: RedisClient;
}

/** Starts a Redis before the tests of the suite that calls it, and ends it after them; skips them where it is not installed. */
export function redisOfSuite(): SuiteRedis {
  let redis: RedisServer | undefined;
  let client: RedisClient | undefined;
  before(async function () {
    redis = await startRedis(needsProgram(this, 'redis-server'));
    client = await connected(redis.url);
  });
  after(async () => {
    client?.destroy();
    await redis?.stop();
  });
  return {
    get redis() {
      return redis as RedisServer;
    },
    get client() {
      return client as RedisClient;
    },
  };
}

/** A process that runs a module's text. */
export interface ModuleProcess {
  /** What it has printed so far, on stdout and stderr. */
  readonly output: () => string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly stop: () => Promise<void>;
}

/**
 * Runs a module in a process of its own.
 *
 * @param text - JavaScript; `lib` in it is what `service-auth/server` exports, `argument` the text after it
 * @param imports - modules to load before, as `--import` takes them
 */
export function runModule(text: string, argument: string, imports: readonly string[] = []): ModuleProcess {
  const index = new URL('../../lib/server/index.ts', import.meta.url).href;
  const prelude = `import * as lib from ${JSON.stringify(index)}; const argument = process.argv[1];`;
  const loaders = [import.meta.resolve('ts-blank-space/register'), ...imports].flatMap((url) => ['--import', url]);
  const flags = ['--disable-warning=DEP0205', ...loaders, '--input-type=module', '--eval'];
  const child = spawn(process.execPath, [...flags, `${prelude}\n${text}`, argument], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      output += piece;
    });
  }
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => (code ?? signal) as number | string);
  return {
    output: () => output,
    ended,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
