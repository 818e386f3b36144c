import { Agent, get } from 'node:http';

const PER_SECOND = 200;
const PATH = '/api/v1/orders';

/** Requests that go on until they are stopped. */
export interface Load {
  /** How many were answered with which status, or failed for which reason; by the place that was asked. */
  readonly answers: () => Readonly<Record<string, number>>;
  /** Waits for the last answers. */
  readonly stop: () => Promise<void>;
}

/**
 * Sends 200 requests a second, as far as the machine can, in turn to each address and with each token.
 *
 * @param urls - the addresses by name
 * @param tokens - the tokens in use now
 */
export function startLoad(urls: Readonly<Record<string, string>>, tokens: () => readonly string[]): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  const counts: Record<string, number> = {};
  const open = new Set<Promise<void>>();
  const places = Object.entries(urls);
  const startedAt = performance.now();
  let sent = 0;

  const send = (): void => {
    const [name, url] = places[sent % places.length] as [string, string];
    const inUse = tokens();
    const token = inUse[Math.floor(sent / places.length) % inUse.length] as string;
    sent++;
    const request = ask(url, token, agent).then((answer) => {
      const key = `${name} ${answer}`;
      counts[key] = (counts[key] ?? 0) + 1;
      open.delete(request);
    });
    open.add(request);
  };
  const timer = setInterval(() => {
    // A timer that comes late makes up for it, but not for a machine that was away.
    const due = Math.min(((performance.now() - startedAt) / 1000) * PER_SECOND, sent + 20);
    while (sent < due) send();
  }, 5);

  return {
    answers: () => ({ ...counts }),
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      agent.destroy();
    },
  };
}

/** One request: the status of its answer and, of a refusal, the code; or why there was none. */
export function ask(url: string, token: string, agent?: Agent): Promise<string> {
  return new Promise((resolve) => {
    const request = get(`${url}${PATH}`, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => {
        const code = response.statusCode === 200 ? '' : ` ${String((JSON.parse(body) as { code?: string }).code)}`;
        resolve(`${String(response.statusCode)}${code}`);
      });
      response.on('error', ({ message }) => {
        resolve(message);
      });
    });
    request.on('error', ({ message }) => {
      resolve(message);
    });
  });
}

/** Asks again until the answer is the wanted one, as long as a slow machine may take. */
export async function eventually(act: () => Promise<boolean> | boolean): Promise<void> {
  const until = performance.now() + 30_000;
  while (!(await act())) {
    if (performance.now() > until) throw new Error(`never happened: ${act.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
