import type { ServerResponse } from 'node:http';

/**
 * Ends the client's connection in the midst of an answer, so that no client takes the half for the whole.
 *
 * An HTTP/1.1 client knows by the missing bytes or the missing last chunk. For an HTTP/1.0 client (such as nginx before 1.29.7,
 * unless configured) an orderly close is the regular end of an answer without a length (RFC 9112 §6.3), so it gets a TCP reset.
 */
export function breakOff(res: ServerResponse): void {
  if (res.req.httpVersion === '1.0') {
    try {
      res.socket?.resetAndDestroy();
    } catch {
      // Only plain TCP can be reset. TLS tells a truncation by the missing close_notify; a Unix socket can't tell it.
    }
  }
  res.destroy();
}
