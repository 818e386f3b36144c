import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import nock from 'nock';
import { createServiceClient } from '../../lib/client/index.js';
import { opaqueToken, polluted, rejectionOf } from './support.js';

const ORDERS = 'http://orders-service:8000';
const token = opaqueToken();

// What would lead a request elsewhere, or show its token, if axios or we read it from a prototype.
const POLLUTION: Readonly<Record<string, unknown>> = {
  baseURL: 'http://evil.example',
  allowedOrigins: ['http://evil.example'],
  dangerouslyAllowPlainHttp: true,
  proxy: { host: 'evil.example', port: 80 },
  socketPath: '/tmp/evil.sock',
  maxRedirects: 5,
  auth: { username: 'evil', password: 'evil' },
  adapter: () => Promise.resolve({ data: 'evil', status: 200, headers: {}, config: {} }),
  transport: {
    request: () => {
      throw new Error('evil');
    },
  },
  lookup: () => {
    throw new Error('evil');
  },
  validateStatus: () => true,
};

// C16
describe('a polluted Object.prototype', () => {
  it('changes nothing of a client that is made under it', async () => {
    const client = polluted(POLLUTION, () => createServiceClient(token));
    expect(await rejectionOf(client.get('http://evil.example/x'))).to.include({ code: 'ERR_ORIGIN_NOT_ALLOWED' });
    expect(await rejectionOf(client.get('/x'))).to.include({ code: 'ERR_INVALID_URL' });
    nock(ORDERS).get('/x').matchHeader('authorization', `Bearer ${token}`).reply(200, 'orders');
    expect((await client.get(`${ORDERS}/x`)).data).to.equal('orders');
  });

  it('changes nothing of a request, whether it came before or after the package', async () => {
    const program = (before: boolean): string => `
      const pollute = () => {
        for (const [name, value] of [
          ['baseURL', 'http://127.0.0.1:1'], ['proxy', { host: '127.0.0.1', port: 1 }], ['socketPath', '/tmp/evil.sock'],
          ['allowedOrigins', ['http://evil.example']],
          ['validateStatus', () => false], ['maxRedirects', 5], ['insecureHTTPParser', true],
          ['defaultPort', 1],
        ]) Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
      };
      if (${before}) pollute();
      const { createServiceClient } = await import('service-auth/client');
      const { createServer } = await import('node:http');
      const token = process.env.SERVICE_TOKEN;
      const server = createServer((req, res) => res.end(String(req.headers.authorization === 'Bearer ' + token)));
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      const client = createServiceClient(undefined, { baseURL: 'http://127.0.0.1:' + server.address().port });
      if (!${before}) pollute();
      console.log((await client.get('/x')).data);
      server.close();
      process.exit();
    `;
    for (const before of [true, false]) {
      const args = ['--input-type=module', '--eval', program(before)];
      const { stdout } = await promisify(execFile)(process.execPath, args, {
        env: { ...process.env, SERVICE_TOKEN: token },
        cwd: new URL('../..', import.meta.url),
      });
      expect(stdout.trim()).to.equal('true');
    }
  });
});

// C18
describe('an answer with names of the prototype', () => {
  const body = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"code":"token_expired"}';

  it('pollutes nothing, in a success, an error or its headers', async () => {
    const client = createServiceClient(token, { baseURL: ORDERS, maxTries: 1 });
    const headers = { 'content-type': 'application/problem+json', constructor: 'a', tostring: 'b' };
    nock(ORDERS).get('/x').reply(200, body, headers).get('/x').reply(403, body, headers);
    const { data } = await client.get<object>('/x');
    expect(Object.keys(data)).to.include('__proto__');
    const error = await rejectionOf(client.get('/x'));
    expect(error.problem).to.include({ code: 'token_expired' });
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
    expect(JSON.stringify(error)).to.contain('token_expired');
  });
});
