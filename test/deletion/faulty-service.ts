import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { logOf } from '../../lib/client/tenant-deletion/ledger/tenant-log.js';
import { finishedLines, readService } from './ledger-lines.js';
import { partsOf, type TenantService } from './tenant-service.js';

/** How long a service is away that restarts, in ms. */
const AWAY_MS = 30;

/** A {@link TenantService} on a port of loopback. */
export interface FaultyService {
  readonly service: TenantService;
  /** Where its tenant endpoints begin. */
  readonly url: string;
  /** How many requests came, by method. */
  readonly requests: Record<string, number>;
  /** How many requests had no answer yet when it restarted. */
  cutOff: () => number;
  close(): Promise<void>;
}

/** How it is slow, in ms: before it does what it is asked for, and after. */
export interface Slowness {
  readonly beforeMs?: (() => number) | undefined;
  readonly afterMs?: (() => number) | undefined;
}

const none = (): number => 0;

/** Starts one. A service that restarts ends its connections, and is away for a moment. */
export async function startFaultyService(
  service: TenantService,
  { beforeMs = none, afterMs = none }: Slowness = {},
): Promise<FaultyService> {
  const requests: Record<string, number> = {};
  let port = 0;
  let away: NodeJS.Timeout | undefined;
  const lastAsked = new Map<string, number>();
  let unanswered = 0;
  let cutOff = 0;
  const restart = (): void => {
    if (away !== undefined) return;
    cutOff += unanswered;
    // What was written, but not read, is lost with its connection.
    for (const [tenant, at] of lastAsked) if (performance.now() - at < 2000) service.noteLost(tenant);
    server.close();
    server.closeAllConnections();
    away = setTimeout(() => {
      away = undefined;
      server.listen(port, '127.0.0.1');
    }, AWAY_MS);
  };
  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    const path = pathOf(req);
    const key = req.headers['idempotency-key'];
    const reaction = service.react({ method: String(req.method), path, idempotencyKey: key?.toString() });
    if (reaction === 'silent') return;
    if (reaction === 'broken') {
      req.socket.destroy();
      return;
    }
    if (reaction === 'refused') {
      restart();
      return;
    }
    const { status, body } = reaction;
    const { location, ...headers } = reaction.headers;
    setTimeout(() => {
      res.writeHead(status, { ...headers, ...(location !== undefined && { location: `/api${location}` }) }).end(body);
    }, afterMs());
  };
  const server = createServer((req, res) => {
    const method = String(req.method);
    requests[method] = (requests[method] ?? 0) + 1;
    unanswered++;
    lastAsked.set(partsOf(pathOf(req)).tenant, performance.now());
    res.once('close', () => {
      unanswered--;
      if (!res.writableFinished) service.noteLost(partsOf(pathOf(req)).tenant);
    });
    setTimeout(answer, beforeMs(), req, res);
  });
  const listening = (): Promise<unknown> =>
    new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        resolve(undefined);
      });
    });
  await listening();
  ({ port } = server.address() as AddressInfo);
  return {
    service,
    url: `http://127.0.0.1:${port}/api`,
    requests,
    cutOff: () => cutOff,
    async close() {
      clearTimeout(away);
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pathOf({ url = '' }: IncomingMessage): string {
  return new URL(url, 'http://127.0.0.1').pathname.replace(/^\/api/, '');
}

/**
 * Has a service check, whenever it is asked to delete, that the ledger has the intention and no outcome by which it is done.
 *
 * @param directory - of the ledger's files
 * @param onFault - told what must never be
 */
export function watchDeletions(service: TenantService, directory: string, onFault: (what: string) => void): void {
  service.onDelete = (tenant, { idempotencyKey = '' }) => {
    const [runId = ''] = idempotencyKey.split('.');
    const lines = finishedLines(readFileSync(join(directory, `${logOf(tenant)}.jsonl`), 'utf8'));
    const { isDone, isOpen } = readService(lines, runId, service.name);
    const who = `${service.name}, for tenant ${tenant},`;
    if (idempotencyKey !== `${runId}.${service.name}`) onFault(`${who} was asked with the key ${idempotencyKey}`);
    if (isDone) onFault(`${who} was asked after it was known to be done`);
    else if (!isOpen) onFault(`${who} was asked without an intention in the ledger`);
  };
}
