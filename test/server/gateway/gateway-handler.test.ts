import type http from 'node:http';
import { expect } from 'chai';
import { createGatewayHandler, type RequestOrigin } from '../../../lib/server/gateway/gateway-handler.js';
import type { GatewayOptions } from '../../../lib/server/gateway/gateway-options.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { closeRig, identityLines, refused, type Upstream, upstreamOf, valuesOf } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { bearerLine } from '../../support/proofs.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { send, type WireAnswer, type WireRequest } from '../../support/wire.js';

const keys = newSecret();
const bearer = bearerLine(createServiceToken('sales-service', { keys }));
const ORIGIN: RequestOrigin = { address: '192.0.2.7', isSecure: true, host: 'shop.example' };

describe('createGatewayHandler', () => {
  let upstream: Upstream;
  beforeEach(async () => {
    upstream = await upstreamOf();
  });
  afterEach(closeRig);

  const ask = async (
    request: WireRequest,
    origin = ORIGIN,
    options: Partial<GatewayOptions> = {},
  ): Promise<WireAnswer> => {
    const logger = recordingLogger();
    const routes = { '/api/v1/orders': { url: upstream.url, service: 'orders-service' } };
    const { handle, close } = createGatewayHandler({ keys, routes, logger, ...options }, () => origin);
    const listener: http.RequestListener = (req, res) => {
      handle(req, res, () => {
        res.writeHead(404, { 'X-Left': identityLines(req.rawHeaders).join() }).end();
      });
    };
    const answer = await send(listener, request);
    close();
    return answer;
  };

  it('forwards to the service of the path, without Express', async () => {
    const { status, text } = await ask({ path: '/api/v1/orders/7?a=b', lines: [bearer] });
    expect([status, text]).to.deep.equal([200, 'ok']);
    expect(upstream.seen[0]).to.include({ method: 'GET', url: '/api/v1/orders/7?a=b' });
    expect(valuesOf(upstream.seen[0]?.rawHeaders ?? [], 'x-service-name')).to.deep.equal(['sales-service']);
  });

  it('tells the service what it is told of the origin', async () => {
    await ask({ path: '/api/v1/orders', lines: [bearer, 'X-Forwarded-For: 6.6.6.6', 'X-Forwarded-Host: evil'] });
    await ask({ path: '/api/v1/orders', lines: [bearer] }, { address: undefined, isSecure: false, host: undefined });
    const told = upstream.seen.map(({ rawHeaders }) =>
      ['for', 'proto', 'host'].map((what) => valuesOf(rawHeaders, `x-forwarded-${what}`).join()),
    );
    expect(told).to.deep.equal([
      ['192.0.2.7', 'https', 'shop.example'],
      ['unknown', 'http', ''],
    ]);
  });

  it('leaves a path without a route to its caller, as nobody', async () => {
    const lines = [bearer, 'X-User-Id: evil', 'X-Request-Id: r1'];
    const { status, headers } = await ask({ path: '/elsewhere', lines });
    expect(status).to.equal(404);
    expect(headers['x-left']).to.match(/^Authorization: Bearer [^,]+$/);
    expect(upstream.seen).to.deep.equal([]);
  });

  it('refuses a path that may lead to a route when it is read in another way', async () => {
    expect(refused(await ask({ path: '/x/../api/v1/orders', lines: [bearer] }))).to.equal('400 bad_path');
    expect(refused(await ask({ path: '/api/v1/orders', lines: [bearer] }))).to.equal('200');
  });

  it('refuses a request without a token', async () => {
    expect(refused(await ask({ path: '/api/v1/orders' }))).to.equal('401 missing_credentials');
    expect(refused(await ask({ path: '/api/v1/orders', lines: [bearer] }))).to.equal('200');
  });

  it('throws what a logger throws, and forwards nothing', async () => {
    const broken = {
      ...recordingLogger(),
      info: () => {
        throw new Error('full');
      },
    };
    const { handle } = createGatewayHandler(
      { keys, routes: { '/api/v1/orders': { url: upstream.url, service: 'orders-service' } }, logger: broken },
      () => ORIGIN,
    );
    const thrown: unknown[] = [];
    await send(
      (req, res) => {
        try {
          handle(req, res, () => undefined);
        } catch (error) {
          thrown.push((error as Error).message);
          res.end();
        }
      },
      { path: '/api/v1/orders', lines: [bearer] },
    );
    expect(thrown).to.deep.equal(['full']);
    expect(upstream.seen).to.deep.equal([]);
  });

  it('refuses options that are wrong', () => {
    const options = { keys, routes: {} };
    expect(() => createGatewayHandler(options, () => ORIGIN))
      .to.throw()
      .with.property('setting', 'routes');
  });
});
