import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** What the proxy does to the next connection. */
export type Fault =
  | 'none'
  /** Refuses to speak: the connection is reset at once. */
  | 'reset'
  /** Takes the request, passes nothing on, and cuts. */
  | 'swallow'
  /** Passes the request on, and cuts before the answer. */
  | 'cut'
  /** Passes half of the answer on, and cuts. */
  | 'halve'
  /** Passes the request on after a while. */
  | 'delay'
  /** Passes the answer on a byte at a time, and never all of it. */
  | 'drip'
  /** Takes the request and never answers. */
  | 'hang';

export interface FaultProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** A proxy of TCP connections that does harm, as it is told for each of them. Answers are asked to be one to a connection. */
export async function startFaultProxy(targetPort: number, nextFault: () => Fault): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  };
  const server: Server = createServer((client) => {
    keep(client);
    const fault = nextFault();
    if (fault === 'reset') {
      client.resetAndDestroy();
      return;
    }
    if (fault === 'swallow') client.once('data', () => client.resetAndDestroy());
    if (fault === 'swallow' || fault === 'hang') {
      client.resume();
      return;
    }
    const upstream = keep(connect(targetPort, '127.0.0.1'));
    if (fault === 'delay') setTimeout(() => client.pipe(upstream), 15);
    else client.pipe(upstream);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    if (fault === 'cut') upstream.once('data', () => client.resetAndDestroy());
    else if (fault === 'halve') {
      upstream.once('data', (answer) => {
        client.write(answer.subarray(0, answer.length >> 1), () => client.destroy());
      });
    } else if (fault === 'drip') upstream.once('data', (answer) => drip(answer, client));
    else upstream.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function drip(answer: Buffer, client: Socket): void {
  let sent = 0;
  const timer = setInterval(() => {
    if (sent < answer.length - 1) client.write(answer.subarray(sent, (sent += 1)));
  }, 5);
  client.on('close', () => {
    clearInterval(timer);
  });
}
