import { expect } from 'chai';
import type http from 'node:http';
import { closeRig, serve, portOf } from '../../support/gateway-rig.js';
import { eventually } from '../../support/redis-rig.js';
import { createGatewayRig, type GatewayRig, type Answered } from './gateway-process.js';
import { startLoad } from './load.js';

const CLIENTS = 24;

/** A service that answers each request with its id, whole only when the whole request is there. */
const echo: http.RequestListener = (req, res) => {
  req.resume().once('end', () => {
    const id = String(req.headers['x-request-id']);
    res.write(`${id} `);
    setTimeout(() => res.end(id), 5);
  });
};
const isEcho = ({ status, body }: Answered, id: string): boolean => status === 200 && body === `${id} ${id}`;

describe('service-auth gateway under load', function () {
  this.timeout(180_000);
  let rig: GatewayRig;
  let serviceUrl: string;
  beforeEach(async () => {
    rig = createGatewayRig();
    serviceUrl = `http://127.0.0.1:${portOf(await serve(echo))}`;
  });
  afterEach(async () => {
    await rig.end();
    await closeRig();
  });

  const configure = (extra: readonly string[] = []): void => {
    const lines = [
      'listen: { host: 127.0.0.1, port: 0 }',
      'keys: { file: keys.json }',
      'drain: { delayMs: 300 }',
      'routes:',
      `  /api/v1/orders: { url: '${serviceUrl}', service: orders-service }`,
      ...extra,
    ];
    rig.cli.write('gateway.yaml', `${lines.join('\n')}\n`);
  };

  it('loses no request in twenty reloads and in the end', async () => {
    configure();
    const gateway = await rig.start(['--config', 'gateway.yaml']).listening();
    const request = { port: gateway.port, path: '/api/v1/orders/7', headers: { authorization: rig.bearer } };
    const load = startLoad(CLIENTS, request, isEcho);
    for (let n = 1; n <= 20; n++) {
      configure([`  /api/v1/more-${n}: http://more-service:8000`]);
      gateway.signal('SIGHUP');
      await gateway.told('Configuration reloaded', n);
      const before = load.report.answered;
      await eventually(() => load.report.answered >= before + CLIENTS || load.report.lost.length > 0);
    }
    gateway.signal('SIGTERM');
    const { lost, refused, answered } = await load.allRefused();
    expect(lost).to.deep.equal([]);
    expect(refused).to.equal(CLIENTS);
    expect(answered).to.be.greaterThan(20 * CLIENTS);
    expect(await gateway.ended).to.equal(0);
    expect(gateway.stderr()).to.equal('');
  });

  it('turns away in the end whoever makes a connection for each request, and loses next to none', async () => {
    configure();
    const gateway = await rig.start(['--config', 'gateway.yaml']).listening();
    const headers = { authorization: rig.bearer };
    const load = startLoad(CLIENTS, { port: gateway.port, path: '/api/v1/orders/7', headers, agent: false }, isEcho);
    await eventually(() => load.report.answered >= 2 * CLIENTS || load.report.lost.length > 0);
    gateway.signal('SIGTERM');
    const { lost } = await load.allRefused();
    // The system resets what it connects in the microseconds in which the port closes; more where it then runs something else first.
    // A port that closes at once loses 14 to 20.
    expect(lost).to.have.length.at.most(4);
    expect(await gateway.ended).to.equal(0);
  });
});
