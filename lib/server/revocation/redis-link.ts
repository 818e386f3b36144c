import { createRedisClient, REDIS_TIMEOUT_MS, type RedisClient } from '../../shared/redis/redis-client.js';
import type { ResolvedRedis } from '../../shared/redis/redis-options.js';

/** How often Redis is asked, in ms: a message may be lost, and a connection that is silent may be dead. */
const ASK_EVERY_MS = 500;

/** What a link does with its connections. */
export interface RedisLinkHandlers {
  readonly channel: string;
  readonly onMessage: (message: string) => void;
  /** Called when the connection was made, at first or again: what is known may be old. */
  readonly onConnect: () => void;
  /** Asks Redis what there is to know; called again and again, never twice at a time. */
  readonly ask: (client: RedisClient) => Promise<void>;
  readonly onTrouble: (error: unknown) => void;
  /** Told where it may not listen: what it asks for is then all that it learns. */
  readonly onDeaf: (error: unknown) => void;
}

/** Two connections to Redis that come back by themselves: one that asks, one that listens. */
export interface RedisLink {
  /** Resolves after the first `ask` that succeeded. */
  readonly firstAnswer: Promise<void>;
  readonly close: () => void;
}

/** Connects, and stays connected. */
export function openRedisLink(redis: ResolvedRedis, handlers: RedisLinkHandlers): RedisLink {
  const { channel, onMessage, onConnect, ask, onTrouble, onDeaf } = handlers;
  const clients: RedisClient[] = [];
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let answered: () => void;
  let failed: (error: unknown) => void;
  const firstAnswer = new Promise<void>((resolve, reject) => {
    answered = resolve;
    failed = reject;
  });
  // Nobody need wait for it.
  firstAnswer.catch(() => undefined);

  const report = (error: unknown): void => {
    if (!isClosed) onTrouble(error);
  };

  let isAsking = false;
  const askOnce = async (client: RedisClient): Promise<void> => {
    if (isAsking || isClosed || !client.isReady) return;
    isAsking = true;
    try {
      await ask(client);
      answered();
      // From here on somebody else keeps the process alive, or nobody needs the list.
      for (const one of clients) one.unref();
    } catch (error) {
      report(error);
    } finally {
      isAsking = false;
    }
  };

  const open = async (): Promise<void> => {
    // A connection that answers nothing ends; the other one has nothing to answer.
    const asking = await createRedisClient(redis, { socketTimeout: REDIS_TIMEOUT_MS, reconnectStrategy });
    const listening = await createRedisClient(redis, { reconnectStrategy });
    if (isClosed) return;
    clients.push(asking, listening);
    for (const client of clients) {
      client.on('error', report);
      // While its connection is being made, a client cannot be ended.
      client.on('ready', () => {
        if (isClosed) client.destroy();
      });
    }
    asking.on('ready', () => {
      onConnect();
      void askOnce(asking);
    });
    timer = setInterval(() => void askOnce(asking), ASK_EVERY_MS);
    timer.unref();
    asking.connect().catch(report);
    listening
      .connect()
      .then(() => listening.subscribe(channel, onMessage))
      .catch((error: unknown) => {
        if (!isClosed) onDeaf(error);
      });
  };
  open().catch((error: unknown) => {
    failed(error);
    report(error);
  });

  return {
    firstAnswer,
    close() {
      isClosed = true;
      clearInterval(timer);
      failed(new Error('The revocation list was closed before it was read.'));
      for (const client of clients) if (client.isOpen) client.destroy();
    },
  };
}

/** Within a second of Redis being back, and not all at once. */
function reconnectStrategy(retries: number): number {
  return Math.min(50 * 2 ** retries, 600) + Math.floor(Math.random() * 200);
}
