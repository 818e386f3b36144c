import { URL } from 'node:url';
import http from 'node:http';
import express from 'express';
import Fastify from 'fastify';
import replyFrom from '@fastify/reply-from';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { createProxyServer } from 'httpxy';
import { Pool } from 'undici';
import { loadBuilt } from '../harness/package-under-test.js';
import { SERVICE, SILENT } from './credentials.js';
import { secretForms } from './tokens.js';

export const PREFIX = '/api/v1/orders';

/** Rows that are a Node server of ours: each makes a request listener that forwards to `target`. */
export const rows = {
  'ours, Express middleware': (target) => oursIn(target, { logger: SILENT }),
  'ours, Express middleware, log on': (target) => oursIn(target, {}),
  'Express + http-proxy-middleware 3': (target) => express().use(createProxyMiddleware({ target })),
  'Express + http-proxy-middleware 3, keep-alive': (target) =>
    express().use(createProxyMiddleware({ target, agent: keepAlive() })),
  'Express + httpxy': (target) => express().use(withHttpxy(target)),
  httpxy: withHttpxy,
  'node:http by hand': withNodeHttp,
  '@fastify/reply-from': async (target) => {
    const app = Fastify();
    await app.register(replyFrom, { base: target });
    app.all('/*', (request, reply) => reply.from(request.url));
    await app.ready();
    return (req, res) => app.routing(req, res);
  },
  'undici Pool.stream by hand': withUndici,
};

async function oursIn(target, options) {
  const { gateway } = await loadBuilt('server');
  const routes = { [PREFIX]: { url: target, service: SERVICE } };
  return express().use(gateway({ keys: secretForms().text, name: 'gateway', routes, ...options }));
}

function keepAlive() {
  return new http.Agent({ keepAlive: true, maxFreeSockets: 256 });
}

function withHttpxy(target) {
  const proxy = createProxyServer({ target, agent: keepAlive() });
  return (req, res) => {
    proxy.web(req, res).catch(() => fail(res));
  };
}

function withNodeHttp(target) {
  const agent = keepAlive();
  const { hostname, port } = new URL(target);
  return (req, res) => {
    const { method, url: path, headers } = req;
    const forwarded = http.request({ hostname, port, agent, method, path, headers }, (answer) => {
      res.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(res);
    });
    forwarded.on('error', () => fail(res));
    req.pipe(forwarded);
  };
}

function withUndici(target) {
  const pool = new Pool(target, { connections: 64 });
  return (req, res) => {
    const { method, url: path, headers } = req;
    const sent = { ...headers };
    delete sent.connection;
    const options = { method, path, headers: sent, body: method === 'GET' ? null : req, opaque: res };
    pool
      .stream(options, ({ statusCode, headers: got, opaque }) => opaque.writeHead(statusCode, got))
      .catch(() => fail(res));
  };
}

/** Also where the client has gone in the middle of its answer. */
function fail(res) {
  if (res.headersSent) res.destroy();
  else res.writeHead(502).end();
}
