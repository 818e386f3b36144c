import http from 'node:http';
import { type Answered, ask } from './gateway-process.js';

/** What came of all requests of a load. */
export interface LoadReport {
  /** How many got a whole answer of the service. */
  answered: number;
  /** How many met a port on which nobody listens any more. */
  refused: number;
  /** What came of every other one. */
  readonly lost: unknown[];
}

/** Clients that send one request after the other. */
export interface Load {
  readonly report: LoadReport;
  /** Ends, once the requests that are under way are over. */
  readonly stop: () => Promise<LoadReport>;
  /** Waits until every client has met a closed port. */
  readonly allRefused: () => Promise<LoadReport>;
}

/**
 * Starts clients, each with a connection that it keeps, unless `options` have another agent. Every other request has a body. A client ends when nobody listens.
 *
 * @param isWhole - whether an answer is the service's
 */
export function startLoad(
  clients: number,
  options: http.RequestOptions,
  isWhole: (answer: Answered, id: string) => boolean,
): Load {
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  const report: LoadReport = { answered: 0, refused: 0, lost: [] };
  let isOver = false;
  const client = async (name: number): Promise<void> => {
    for (let n = 0; !isOver; n++) {
      const id = `${name}-${n}`;
      const method = n % 2 === 0 ? 'GET' : 'POST';
      const headers = { ...(options.headers as http.OutgoingHttpHeaders), 'x-request-id': id };
      const answer = await ask({ agent, ...options, method, headers }, method === 'GET' ? undefined : id.repeat(100));
      if (answer.error === 'ECONNREFUSED') {
        report.refused++;
        return;
      }
      if (isWhole(answer, id)) report.answered++;
      else report.lost.push(answer);
    }
  };
  const all = Promise.all(Array.from({ length: clients }, (_, name) => client(name)));
  return {
    report,
    async stop() {
      isOver = true;
      await all;
      agent.destroy();
      return report;
    },
    async allRefused() {
      await all;
      agent.destroy();
      return report;
    },
  };
}
