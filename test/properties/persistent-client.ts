import net from 'node:net';

/** A client that writes requests as they stand, one after the other over one connection for as long as that lasts. */
export interface PersistentClient {
  /** Sends a request, and returns the status of the answer; 0 where the server hung up without one. */
  readonly ask: (request: string) => Promise<number>;
  readonly close: () => void;
}

interface Connection {
  readonly socket: net.Socket;
  /** What came and belongs to no answer yet. */
  received: string;
  ended: boolean;
  wake: () => void;
}

export function persistentClient(port: number): PersistentClient {
  let connection: Connection | undefined;
  return {
    async ask(request) {
      if (connection === undefined || connection.ended) connection = await connect(port);
      const used = connection;
      // Two answers to one request would mean that a part of it was taken for another one.
      if (used.received !== '') throw new Error(`not asked for: ${used.received}`);
      used.socket.write(request, 'latin1');
      let answer = answerIn(used.received);
      while (answer === undefined && !used.ended) {
        await new Promise<void>((resolve) => (used.wake = resolve));
        answer = answerIn(used.received);
      }
      if (answer === undefined || answer.isLast) {
        used.ended = true;
        used.socket.destroy();
      }
      used.received = used.received.slice(answer?.length ?? 0);
      return answer?.status ?? statusOf(used.received);
    },
    close: () => connection?.socket.destroy(),
  };
}

async function connect(port: number): Promise<Connection> {
  const socket = net.connect(port, '127.0.0.1');
  const connection: Connection = { socket, received: '', ended: false, wake: () => undefined };
  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    connection.received += chunk.toString('latin1');
    connection.wake();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    connection.ended = true;
    connection.wake();
  });
  await new Promise((resolve) => socket.once('connect', resolve));
  return connection;
}

const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);

/** The answer at the beginning of `text`, once it is complete; one that does not tell its length ends with the connection. */
function answerIn(text: string): { status: number; length: number; isLast: boolean } | undefined {
  const end = text.indexOf('\r\n\r\n');
  const head = text.slice(0, Math.max(0, end));
  const body = /^content-length: *(\d+)/im.exec(head)?.[1];
  const length = end + 4 + Number(body ?? 0);
  if (body === undefined || text.length < length) return undefined;
  return { status: statusOf(text), length, isLast: /^connection: .*close/im.test(head) };
}
