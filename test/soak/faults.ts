import type { Socket } from 'node:net';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const later = (ms: number, act: () => void): void => {
  setTimeout(act, ms).unref();
};

/** What a service, or the client, does wrong. */
export interface Fault {
  readonly name: string;
  /** What the service does once a request's head has come; undefined: nobody listens there. */
  readonly upstream: ((socket: Socket) => void) | undefined;
  /** What the client does: a GET to its end, or an upload or a download that it leaves in the midst. */
  readonly client: 'get' | 'leaves upload' | 'leaves download';
  /** What the client gets: a status, or a connection that breaks. */
  readonly expected: 'broken' | 200 | 502 | 504;
}

/** G11, G12: the last one is sound, and shows that the harness tells the difference. */
export const FAULTS: readonly Fault[] = [
  { name: 'refused', upstream: undefined, client: 'get', expected: 502 },
  { name: 'reset before the head', upstream: (socket) => socket.resetAndDestroy(), client: 'get', expected: 502 },
  {
    name: 'reset after the head',
    upstream(socket) {
      socket.write(`${HEAD}Content-Length: 10\r\n\r\nhal`);
      later(2, () => socket.resetAndDestroy());
    },
    client: 'get',
    expected: 'broken',
  },
  { name: 'silent', upstream: () => undefined, client: 'get', expected: 504 },
  {
    name: 'slow head, never complete',
    upstream(socket) {
      socket.write('HTTP/1.1 200 ');
      later(5, () => socket.write('OK\r\nX-'));
    },
    client: 'get',
    expected: 504,
  },
  {
    name: 'slow body, never complete',
    upstream(socket) {
      socket.write(`${HEAD}Content-Length: 100\r\n\r\n`);
      later(5, () => socket.write('a'));
    },
    client: 'get',
    expected: 'broken',
  },
  {
    name: 'half a body, then close',
    upstream: (socket) => socket.end(`${HEAD}Content-Length: 10\r\n\r\nhal`),
    client: 'get',
    expected: 'broken',
  },
  {
    name: 'half a chunked body, then close',
    upstream: (socket) => socket.end(`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhal`),
    client: 'get',
    expected: 'broken',
  },
  {
    name: 'oversized headers',
    upstream: (socket) => socket.end(`${HEAD}X-Big: ${'a'.repeat(40_000)}\r\nContent-Length: 0\r\n\r\n`),
    client: 'get',
    expected: 502,
  },
  { name: 'no HTTP', upstream: (socket) => socket.end('SSH-2.0-x\r\n'), client: 'get', expected: 502 },
  { name: 'client leaves its upload', upstream: () => undefined, client: 'leaves upload', expected: 'broken' },
  {
    name: 'client leaves its download',
    upstream: (socket) => socket.write(`${HEAD}Content-Length: 1000000\r\n\r\n${'a'.repeat(1000)}`),
    client: 'leaves download',
    expected: 'broken',
  },
  {
    name: 'none',
    upstream: (socket) => socket.write(`${HEAD}Content-Length: 2\r\n\r\nok`),
    client: 'get',
    expected: 200,
  },
];
