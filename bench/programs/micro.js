import { setTimeout } from 'node:timers/promises';
import { answerOrders } from '../harness/orders.js';

let total = 0;
let run;

/**
 * Measures one row of a micro-benchmark: `measure` loads it, warms it, and tells what one operation costs this process; `total`, how many
 * there were in all.
 */
answerOrders({
  async measure({ module, row, warmMs, measureMs }) {
    const { rows } = await import(`../rows/${module}.js`);
    run = await rows[row]();
    const { batch } = await repeat(run, 100, warmMs);
    globalThis.gc?.();
    const { cpuMicros, done } = await repeat(run, batch, measureMs);
    return cpuMicros / done;
  },
  async total() {
    // pino keeps up to 16 KiB of lines for a pipe that was full, until there is another line; the end of the process would lose them.
    await setTimeout(300);
    await repeat(run, 1, 0);
    await setTimeout(300);
    return total;
  },
});

/** Runs until that much CPU time is spent: on a machine that others use too, wall time would end before the code is warm. */
async function repeat(run, batch, cpuMs) {
  const start = process.cpuUsage();
  let done = 0;
  let spent = 0;
  do {
    await run(batch);
    done += batch;
    total += batch;
    const { user, system } = process.cpuUsage(start);
    const took = user + system - spent;
    spent += took;
    if (took < 2000) batch *= 2;
  } while (spent < cpuMs * 1000);
  return { batch, done, cpuMicros: spent };
}
