import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { again } from '../harness/micro-table.js';
import { loadBuilt } from '../harness/package-under-test.js';
import { makePino, makeWinston, MESSAGE } from './loggers.js';

/** How many lines come in one turn of the event loop: of a service with little to do, and of one with much. */
export const PER_TURN = [1, 10];
/** Where they go. */
export const SINKS = ['file', 'pipe'];

/** Rows of the table `line`: the same line, written to stdout by each logger. What its stdout is, `tables/line.js` decides. */
export const rows = Object.fromEntries(
  SINKS.flatMap((sink) =>
    PER_TURN.flatMap((perTurn) =>
      [
        [nameOf('ours', perTurn, sink), makeOurs],
        [nameOf('pino', perTurn, sink), makePino],
        [again(nameOf('pino', perTurn, sink)), makePino],
        [nameOf('winston Console', perTurn, sink), () => makeWinston()],
      ].map(([name, make]) => [name, async () => writing(perTurn, await make())]),
    ),
  ),
);

/** @param {string} row @returns {'file' | 'pipe'} what it writes to */
export function sinkOf(row) {
  return SINKS.find((sink) => row.includes(`, ${sink}`));
}

/** @param {string} logger @param {number} perTurn @param {string} sink */
export function nameOf(logger, perTurn, sink) {
  return `${logger}, ${perTurn} a turn, ${sink}`;
}

async function makeOurs() {
  const { createLogger } = await loadBuilt('shared');
  const logger = createLogger();
  return (fields) => logger.info(MESSAGE, fields);
}

function writing(perTurn, write) {
  return async (count) => {
    for (let i = 1; i <= count; i++) {
      write({
        service: 'tenant-deletion-orchestrator',
        endpoint: 'DELETE /tenant/:tenantId',
        tenant_id: `t-${i}`,
        request_id: randomUUID(),
        decision: 'granted',
        code: null,
        token_id: '0b7c4d2e-1c9a-4f7e-9df9-1c52b1c8f001',
        key_id: 'k3yIdOfTheRing',
        via: 'bearer',
      });
      if (i % perTurn === 0) await setImmediate();
    }
  };
}
