import { Agent, get } from 'node:http';

const PER_SECOND = 200;
const PATH = '/api/v1/orders';
/** A machine that is too slow for the schedule is not buried under what it has not answered yet. */
const MAX_OPEN = 200;
const TOO_LONG_MS = 30_000;

/** Requests that go on until they are stopped. */
export interface Load {
  /** How many were answered with which status, or failed for which reason; by the place that was asked. */
  readonly answers: () => Readonly<Record<string, number>>;
  /** Waits until so many more were answered. */
  readonly goOn: (count: number) => Promise<void>;
  /** Waits for the answers to all that has been sent so far. A token that is not sent any more is out of use then. */
  readonly settled: () => Promise<void>;
  /** Sends no more, and waits for the last answers. */
  readonly stop: () => Promise<void>;
}

/**
 * Sends 200 requests a second, as far as the machine can, to the first address with each token in turn, and beside each fourth of them
 * one to every other address.
 *
 * @param urls - the addresses by name
 * @param tokens - the tokens in use now
 * @param perSecond - another rate
 */
export function startLoad(
  urls: Readonly<Record<string, string>>,
  tokens: () => readonly string[],
  perSecond = PER_SECOND,
): Load {
  // Connections are given up before the other side closes them, which would be no fault of what is tested.
  const agent = new Agent({ keepAlive: true, maxSockets: 50, timeout: 2000 });
  const counts: Record<string, number> = {};
  const open = new Set<Promise<void>>();
  const [first, ...others] = Object.entries(urls) as [[string, string], ...[string, string][]];
  const startedAt = performance.now();
  let rounds = 0;
  let answered = 0;

  const send = ([name, url]: readonly [string, string], token: string): void => {
    const request = ask(url, token, agent).then((answer) => {
      const key = `${name} ${answer}`;
      counts[key] = (counts[key] ?? 0) + 1;
      answered++;
      open.delete(request);
    });
    open.add(request);
  };
  const sendRound = (): void => {
    const inUse = tokens();
    const round = rounds++;
    send(first, inUse[round % inUse.length] as string);
    if (round % 4 > 0) return;
    for (const other of others) send(other, inUse[(round / 4) % inUse.length] as string);
  };
  const timer = setInterval(() => {
    // A timer that comes late makes up for it, but not for a machine that was away.
    const due = Math.min(((performance.now() - startedAt) / 1000) * perSecond, rounds + 20);
    while (rounds < due && open.size < MAX_OPEN) sendRound();
  }, 5);

  const settled = async (): Promise<void> => {
    await Promise.all(open);
  };
  return {
    answers: () => ({ ...counts }),
    async goOn(count) {
      const wanted = answered + count;
      await eventually(() => answered >= wanted);
    },
    settled,
    async stop() {
      clearInterval(timer);
      await settled();
      agent.destroy();
    },
  };
}

/** One request: the status of its answer and, of a refusal, the code; or why there was none. On a connection of its own without agent. */
export function ask(url: string, token: string, agent: Agent | false = false): Promise<string> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` };
    const signal = AbortSignal.timeout(TOO_LONG_MS);
    const request = get(`${url}${PATH}`, { agent, headers, signal }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => {
        const code = response.statusCode === 200 ? '' : ` ${codeIn(body)}`;
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

function codeIn(body: string): string {
  try {
    return String((JSON.parse(body) as { code?: string }).code);
  } catch {
    return 'no problem document';
  }
}

/** Asks again until the answer is the wanted one, as long as a slow machine may take. */
export async function eventually(act: () => Promise<boolean> | boolean, withinMs = TOO_LONG_MS): Promise<void> {
  const until = performance.now() + withinMs;
  while (!(await act())) {
    if (performance.now() > until) throw new Error(`never happened: ${act.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
