import { randomUUID } from 'node:crypto';
import type { KnownService } from '../../shared/services.js';
import { showsGateway } from './answer-meaning.js';
import { answersOf, isGatewayAt } from './ask-way.js';
import { probe, type ProbeResult } from './probe.js';
import { judgeCall, type SmokeRow } from './smoke-verdict.js';

/** What is called. */
export interface SmokeTest {
  readonly services: readonly KnownService[];
  /** Where a service is called. */
  readonly urlOf: (service: KnownService) => URL;
  readonly token: string;
  readonly timeoutMs: number;
  readonly ca: string | undefined;
}

/** How many are called at once: as many as there are services, and no flood where a list is long. */
const MAX_AT_ONCE = 32;

/** Calls every service with the token, side by side, by GET alone. The rows have the order of the services. */
export async function smokeTest({ services, urlOf, token, timeoutMs, ca }: SmokeTest): Promise<readonly SmokeRow[]> {
  const rows: SmokeRow[] = [];
  const waiting = services.entries();
  const work = async (): Promise<void> => {
    for (const [index, service] of waiting) {
      const url = urlOf(service);
      const outcome = judgeCall(await call(url, { token, timeoutMs, ca }));
      rows[index] = { service: service.name, url: url.origin + url.pathname, ...outcome };
    }
  };
  await Promise.all(Array.from({ length: Math.min(MAX_AT_ONCE, services.length) }, work));
  return rows;
}

async function call(
  url: URL,
  { token, timeoutMs, ca }: Pick<SmokeTest, 'token' | 'timeoutMs' | 'ca'>,
): Promise<Parameters<typeof judgeCall>[0]> {
  const requestId = `smoke-${randomUUID()}`;
  const ask = (to: URL, withToken?: string): Promise<ProbeResult> =>
    probe({ url: to, token: withToken, requestId, timeoutMs, ca });
  const result = await ask(url, token);
  const [answer] = answersOf(result);
  if (answer === undefined) return { result, requestId, isGatewayThere: undefined };
  return { result, requestId, isGatewayThere: showsGateway(answer) || (await isGatewayAt(url, requestId, ask)) };
}
