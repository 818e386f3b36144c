import http from 'node:http';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import { Gaxios } from 'gaxios';
import got from 'got';
import ky from 'ky';
import { Agent as Dispatcher, request as undiciRequest } from 'undici';
import { again } from '../harness/micro-table.js';
import { loadBuilt } from '../harness/package-under-test.js';
import { CALLER, bearerHeaders as issueBearer } from './credentials.js';

export const AXIOS = 'axios, keep-alive';

/** Rows of the table: makes what sends one small DELETE and resolves with its parsed answer. */
export const rows = {
  [AXIOS]: plainAxios,
  [again(AXIOS)]: plainAxios,
  ours: async () => {
    const { createServiceClient } = await loadBuilt('client');
    const client = createServiceClient(bearerHeaders().authorization.slice('Bearer '.length));
    return async (url) => (await client.delete(url)).data;
  },
  'axios + axios-retry': () => {
    const client = axios.create({ httpAgent: keepAlive(), headers: bearerHeaders() });
    axiosRetry(client, { retries: 2 });
    return async (url) => (await client.delete(url)).data;
  },
  'got 14': () => {
    const client = got.extend({ agent: { http: keepAlive() }, headers: bearerHeaders() });
    return (url) => client.delete(url).json();
  },
  'ky 1': () => {
    const client = ky.create({ headers: bearerHeaders() });
    return (url) => client.delete(url).json();
  },
  gaxios: () => {
    const client = new Gaxios({ agent: keepAlive(), headers: bearerHeaders(), responseType: 'json' });
    return async (url) => (await client.request({ url, method: 'DELETE' })).data;
  },
  undici: () => {
    const dispatcher = new Dispatcher();
    const headers = bearerHeaders();
    return async (url) => (await undiciRequest(url, { method: 'DELETE', headers, dispatcher })).body.json();
  },
  'node:http': () => {
    const agent = keepAlive();
    const headers = bearerHeaders();
    return (url) => sendByHand(url, { method: 'DELETE', agent, headers });
  },
};

/** Of a token that is not about to end, of which ours would warn. */
function bearerHeaders() {
  return issueBearer(CALLER, 365 * 86_400);
}

function keepAlive() {
  return new http.Agent({ keepAlive: true });
}

function plainAxios() {
  const client = axios.create({ httpAgent: keepAlive(), headers: bearerHeaders() });
  return async (url) => (await client.delete(url)).data;
}

function sendByHand(url, options) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(JSON.parse(text)));
    });
    request.on('error', reject);
    request.end();
  });
}
