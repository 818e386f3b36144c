import { answerOrders } from '../harness/orders.js';

/** Measures one row of a micro-benchmark: `measure` loads it, warms it, and tells what one operation costs this process. */
answerOrders({
  async measure({ module, row, warmMs, measureMs }) {
    const { rows } = await import(`../rows/${module}.js`);
    const run = await rows[row]();
    const { batch } = await repeat(run, 100, warmMs);
    globalThis.gc?.();
    const { cpuMicros, done } = await repeat(run, batch, measureMs);
    return cpuMicros / done;
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
    const { user, system } = process.cpuUsage(start);
    const took = user + system - spent;
    spent += took;
    if (took < 2000) batch *= 2;
  } while (spent < cpuMs * 1000);
  return { batch, done, cpuMicros: spent };
}
