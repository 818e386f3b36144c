/** orders-service in a process of its own, as test/rotation/processes.ts starts it. */
import express from 'express';
import { contextFromGateway, requireService } from '../../lib/server/index.js';
import { followed, listen } from './follow.js';

const { keys, revocations, logger } = await followed();
const app = express();
app.use(contextFromGateway({ keys, revocations, audience: 'orders-service', logger }));
app.get('/api/v1/orders', requireService({ logger }), (req, res) => {
  res.json({ via: req.user?.via });
});
listen(app);
