import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Answers with a line of text that nobody keeps. What the process says itself is no problem document: a client could take that for
 * the word of a service, and a 404 of a missing route for that of a missing tenant.
 */
export function sendText(req: IncomingMessage, res: ServerResponse, status: number, line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  res.statusCode = status;
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.setHeader('Content-Length', bytes.length);
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.end(req.method === 'HEAD' ? undefined : bytes);
}
