/** A gateway in a process of its own, as clock-faults.ts starts it: that its clock may be another. */
import type { AddressInfo } from 'node:net';
import express from 'express';
import { gateway } from '../../../../lib/server/gateway/gateway.js';
import { recordingLogger } from '../../../support/recording-logger.js';

const [, , secret = '', prefix = '', url = '', service = ''] = process.argv;
process.once('disconnect', () => process.exit());
const middleware = gateway({
  keys: secret,
  name: 'api-gateway',
  logger: recordingLogger(),
  routes: { [prefix]: { url, service } },
});
const app = express();
app.use((_req, res, next) => {
  // Node writes the header by a clock that cannot be replaced.
  res.setHeader('Date', new Date().toUTCString());
  next();
});
app.use(middleware);
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
