/**
 * Answers the orders of the process that started this one, one after the other; `stop` ends it.
 *
 * @param {Readonly<Record<string, (details: any) => unknown>>} handlers by the order's name
 */
export function answerOrders(handlers) {
  process.on('message', async ({ order, ...details }) => {
    if (order === 'stop') {
      // As a service ends: what `exit` listeners still have to write is written.
      process.exit(0);
    }
    try {
      process.send({ answer: await handlers[order](details) });
    } catch (error) {
      process.send({ error: error.stack });
    }
  });
  // Where a run is cut short, nothing stays behind.
  process.on('disconnect', () => process.exit(1));
}
