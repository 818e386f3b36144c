/** A gateway in a process of its own, as test/rotation/processes.ts starts it. */
import express from 'express';
import { gateway } from '../../lib/server/index.js';
import { followed, listen } from './follow.js';

const { keys, revocations, logger } = await followed();
const routes = { '/api/v1/orders': { url: String(process.env['ORDERS_URL']), service: 'orders-service' } };
listen(express().use(gateway({ keys, revocations, routes, logger })));
