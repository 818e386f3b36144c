import { randomUUID } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A request, written to the socket as it stands: nothing is normalised, joined or refused on the way. */
export interface WireRequest {
  readonly method?: string;
  readonly path?: string;
  /** Header lines beside `Host` and `Connection: close`, in latin1. */
  readonly lines?: readonly string[];
  /** What follows the head: a body, framed by the test, and trailers. */
  readonly rest?: string;
  /** The address that the server shall see as its peer's. Default: the real one, 127.0.0.1. */
  readonly from?: string;
  /** Whether it goes through a unix socket. */
  readonly unix?: boolean;
}

/** What came back. `status` is 0 where the server hung up without an answer. */
export interface WireAnswer {
  readonly status: number;
  readonly statusMessage: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Serves one request by `listener` on a real socket. */
export async function send(listener: http.RequestListener, request: WireRequest = {}): Promise<WireAnswer> {
  const server = http.createServer(listener);
  const { from, unix = false } = request;
  if (from !== undefined) {
    server.on('connection', (socket) => Object.defineProperty(socket, 'remoteAddress', { get: () => from }));
  }
  return parseAnswer(await exchange(server, requestText(request), unix));
}

/** Sends one request's text to `server`, which is closed afterwards, and returns all that it answers. */
export async function exchange(server: http.Server, text: string, unix = false): Promise<string> {
  const path = join(tmpdir(), `wire-${randomUUID()}.sock`);
  await new Promise<void>((resolve) => {
    if (unix) server.listen(path, resolve);
    else server.listen(0, '127.0.0.1', resolve);
  });
  const socket = unix ? net.connect(path) : net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const answer = await new Promise<string>((resolve) => {
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(received);
    });
    socket.write(text, 'latin1');
  });
  await new Promise((resolve) => server.close(resolve));
  return answer;
}

export function requestText({ method = 'GET', path = '/', lines = [], rest = '' }: WireRequest): string {
  return [`${method} ${path} HTTP/1.1`, 'Host: inventory', 'Connection: close', ...lines, '', rest].join('\r\n');
}

function parseAnswer(received: string): WireAnswer {
  const end = received.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = received.slice(0, end).split('\r\n');
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.replace(/^[^:]*: */, '')]);
  return {
    status: Number(statusLine.split(' ')[1] ?? 0),
    statusMessage: statusLine.split(' ').slice(2).join(' '),
    headers: Object.fromEntries(headers) as Record<string, string>,
    text: Buffer.from(received.slice(end + 4), 'latin1').toString(),
  };
}
