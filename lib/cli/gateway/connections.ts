import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { breakOff } from '../../server/break-off.js';
import { whenOver } from './when-over.js';

/** The connections of a server, with what runs on each. */
export interface Connections {
  /** A request has come. */
  readonly begin: (req: IncomingMessage, res: ServerResponse) => void;
  /** From now on every answer is the last one of its connection, and says so. */
  readonly makeAnswersLast: () => void;
  /**
   * Closes the connections on which nothing runs, and nothing has come or gone for a while. What a client has just written on one is not
   * lost, where it has arrived: call it from `setImmediate`, when what has arrived has been read.
   */
  readonly closeSilent: (silentMs: number) => void;
  /** Breaks off whatever runs, and closes all. */
  readonly cut: () => void;
}

interface Use {
  readonly running: Set<ServerResponse>;
  silentSince: number;
  bytesRead: number;
}

/**
 * Watches the connections of a server. Node's own `closeIdleConnections()` also closes those whose answer has just gone out, on which
 * their clients are about to write: each of them may lose a request.
 */
export function createConnections(server: Server, isTls: boolean): Connections {
  const uses = new Map<Socket, Use>();
  // Beneath TLS, and perhaps still in its handshake.
  const beneath = new Set<Socket>();
  let areAnswersLast = false;

  const enter = (socket: Socket): void => {
    uses.set(socket, { running: new Set(), silentSince: performance.now(), bytesRead: socket.bytesRead });
    socket.once('close', () => uses.delete(socket));
  };
  server.on(isTls ? 'secureConnection' : 'connection', enter);
  if (isTls) {
    server.on('connection', (socket: Socket) => {
      beneath.add(socket);
      socket.once('close', () => beneath.delete(socket));
    });
  }

  return {
    begin(req, res) {
      if (areAnswersLast) makeLast(res);
      const use = uses.get(req.socket);
      if (use === undefined) return;
      use.running.add(res);
      whenOver(req, res, () => {
        use.running.delete(res);
        use.silentSince = performance.now();
      });
    },
    makeAnswersLast() {
      areAnswersLast = true;
      for (const { running } of uses.values()) running.forEach(makeLast);
    },
    closeSilent(silentMs) {
      const now = performance.now();
      for (const [socket, use] of uses) {
        if (use.bytesRead !== socket.bytesRead) {
          use.bytesRead = socket.bytesRead;
          use.silentSince = now;
        }
        if (use.running.size === 0 && now - use.silentSince >= silentMs) socket.destroy();
      }
    },
    cut() {
      for (const [socket, { running }] of uses) {
        running.forEach(breakOff);
        socket.destroy();
      }
      for (const socket of beneath) socket.destroy();
    },
  };
}

/** Where its head is out already, the next answer on its connection is. */
function makeLast(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close');
}
