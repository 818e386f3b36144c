import { createRedisClient, REDIS_TIMEOUT_MS, type RedisClient } from './redis-client.js';
import type { ResolvedRedis } from './redis-options.js';

/** A connection that is made when it is needed, and again when it was lost. */
export interface RedisConnection {
  /** Asks Redis. Rejects where it is away or silent: within the timeout, and at once where it refuses the connection. */
  ask<Answer>(question: (client: RedisClient) => Promise<Answer>): Promise<Answer>;
  /** Ends it after what was asked before. */
  end(): Promise<void>;
  /** Ends it now: what is under way is rejected. */
  close(): void;
}

/**
 * Makes a connection that is not there yet. It tries only when it is asked, so that while Redis is away nothing goes on in the
 * background, and it keeps no process alive.
 *
 * @param redis - where Redis is
 * @param timeoutMs - how long it may take to connect, and to answer
 */
export function createRedisConnection(redis: ResolvedRedis, timeoutMs: number = REDIS_TIMEOUT_MS): RedisConnection {
  let isClosed = false;
  let client: RedisClient | undefined;
  let connecting: Promise<RedisClient> | undefined;

  const discard = (): void => {
    if (client?.isOpen === true) client.destroy();
    client = undefined;
  };

  const close = (): void => {
    isClosed = true;
    discard();
  };

  const connect = async (): Promise<RedisClient> => {
    discard();
    const fresh = await createRedisClient(redis, { reconnectStrategy: false });
    // What it says comes as rejections too.
    fresh.on('error', () => undefined);
    // While its connection is being made, a client cannot be ended.
    fresh.on('ready', () => {
      if (isClosed || client !== fresh) fresh.destroy();
    });
    client = fresh;
    await inTime(fresh.connect());
    fresh.unref();
    return fresh;
  };

  /** A connection that is silent for long is no longer one: what waits on it is told so. */
  const inTime = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`Redis did not answer within ${timeoutMs} ms.`));
        discard();
      }, timeoutMs);
    });
    try {
      return await Promise.race([answer, silence]);
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    async ask(question) {
      if (isClosed) throw new Error('The connection to Redis was closed.');
      if (client?.isReady === true) return inTime(question(client));
      connecting ??= connect().finally(() => {
        connecting = undefined;
      });
      return inTime(question(await connecting));
    },
    async end() {
      await connecting?.catch(() => undefined);
      // One that is silent is given up, as always.
      if (client?.isOpen === true) await inTime(client.close()).catch(() => undefined);
      close();
    },
    close,
  };
}
