import { createServiceClient, type ServiceClient, ServiceRequestError } from 'service-auth/client';
import type { System } from './system.js';

/** What came back. */
export interface Answer {
  readonly status: number;
  /** The code of a refusal; empty otherwise. */
  readonly code: string;
  /** How many rows the answer counts. */
  readonly total: number;
  /** `401 missing_credentials`, `200`. */
  readonly summary: string;
}

/** Which log a request must leave its line in. */
export type Log = 'audit' | 'gateway';

/** Sends requests, and keeps count of the log lines that they must leave. */
export interface Calls {
  /** The orchestrator's client, through the gateway. */
  readonly client: ServiceClient;
  /** As the orchestrator, through the gateway, with the client of this package. */
  asOrchestrator(method: 'GET' | 'DELETE', path: string): Promise<Answer>;
  /** As anybody, with whatever headers. */
  raw(method: string, url: string, headers: Readonly<Record<string, string>>, logs: readonly Log[]): Promise<Answer>;
  /** How many lines each log must have by now. */
  readonly expectedLines: Readonly<Record<Log, number>>;
}

export function createCalls({ gatewayUrl, credentials }: System): Calls {
  const client = createServiceClient(credentials.orchestrator, { baseURL: gatewayUrl });
  const expectedLines = { audit: 0, gateway: 0 };
  const expectLines = (logs: readonly Log[]): void => {
    for (const log of logs) expectedLines[log] += 1;
  };
  // Each try of a request is decided on by the gateway, and by the service.
  client.events.on('try', () => {
    expectLines(['gateway', 'audit']);
  });
  return {
    client,
    expectedLines,
    async asOrchestrator(method, url) {
      try {
        const { status, data } = await client.request<unknown>({ method, url });
        return toAnswer(status, data);
      } catch (error) {
        if (!(error instanceof ServiceRequestError)) throw error;
        return toAnswer(error.status ?? 0, error.problem ?? { code: error.code });
      }
    },
    async raw(method, url, headers, logs) {
      expectLines(logs);
      const response = await fetch(url, { method, headers });
      return toAnswer(response.status, await response.json());
    },
  };
}

function toAnswer(status: number, body: unknown): Answer {
  const { code = '', total = 0 } = body as { readonly code?: string; readonly total?: number };
  return { status, code, total, summary: code === '' ? String(status) : `${status} ${code}` };
}
