import { answerOrders } from '../harness/orders.js';

let send;

/** One client: `prepare` makes it, `send` sends so many requests, so many at a time, and tells the cost of each. */
answerOrders({
  async prepare({ row }) {
    const { rows } = await import('../rows/clients.js');
    send = await rows[row]();
  },
  async send({ url, requests, atOnce }) {
    let left = requests;
    const worker = async () => {
      while (left > 0) {
        left -= 1;
        const answer = await send(url);
        if (answer.deleted !== 1) throw new Error('The client read another answer than was sent.');
      }
    };
    const cpu = process.cpuUsage();
    const from = process.hrtime.bigint();
    await Promise.all(Array.from({ length: atOnce }, worker));
    const seconds = Number(process.hrtime.bigint() - from) / 1e9;
    const { user, system } = process.cpuUsage(cpu);
    return { cpuMicros: (user + system) / requests, rps: requests / seconds };
  },
});
