import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { clientOrigin } from '../../../lib/cli/gateway/client-origin.js';

const request = (remoteAddress: string | undefined, headers: IncomingMessage['headers'] = {}, encrypted?: true) =>
  ({
    socket: { remoteAddress, encrypted },
    headers: { host: 'gateway:8080', ...headers },
  }) as unknown as IncomingMessage;

const FORWARDED = { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' };

describe('clientOrigin', () => {
  const originOf = clientOrigin(['10.0.0.0/8', 'loopback']);

  it('is that of the socket where no proxy is believed', () => {
    const direct = { address: '192.0.2.1', isSecure: false, host: 'gateway:8080' };
    expect(originOf(request('192.0.2.1', FORWARDED))).to.deep.equal(direct);
    expect(clientOrigin([])(request('127.0.0.1', FORWARDED))).to.include({ address: '127.0.0.1', isSecure: false });
    expect(originOf(request('192.0.2.1', {}, true))).to.include({ isSecure: true });
    expect(originOf(request(undefined))).to.include({ address: undefined });
  });

  it('is what a believed proxy tells', () => {
    const told = { address: '192.0.2.7', isSecure: true, host: 'shop.example' };
    expect(originOf(request('10.1.2.3', FORWARDED))).to.deep.equal(told);
    expect(originOf(request('::ffff:10.1.2.3', FORWARDED))).to.deep.equal(told);
  });

  it('is that of the socket in all that the proxy does not tell', () => {
    expect(originOf(request('10.1.2.3', {}, true))).to.deep.equal({
      ...{ address: '10.1.2.3', isSecure: true, host: 'gateway:8080' },
    });
    expect(originOf(request('10.1.2.3', { 'x-forwarded-proto': 'http' }, true))).to.include({ isSecure: false });
  });

  it('takes the last address that is no proxy for the client, as those before it are made up', () => {
    const TABLE: readonly (readonly [told: string, client: string])[] = [
      ['6.6.6.6, 192.0.2.7', '192.0.2.7'],
      ['6.6.6.6, 192.0.2.7, 10.0.0.9', '192.0.2.7'],
      ['10.0.0.8, 10.0.0.9', '10.0.0.8'],
      ['192.0.2.7:4711', '192.0.2.7'],
      ['[2001:db8::1]:4711', '2001:db8::1'],
      ['2001:db8::1', '2001:db8::1'],
      ['nonsense', '10.1.2.3'],
      ['192.0.2.7, nonsense', '10.1.2.3'],
      ['', '10.1.2.3'],
    ];
    for (const [told, client] of TABLE) {
      expect(originOf(request('10.1.2.3', { 'x-forwarded-for': told })).address, told).to.equal(client);
    }
  });

  it('takes the last scheme and host of several, which the nearest proxy said, and no host that is none', () => {
    const several = { 'x-forwarded-proto': 'http, HTTPS', 'x-forwarded-host': 'evil.example, shop.example' };
    expect(originOf(request('10.1.2.3', several))).to.include({ isSecure: true, host: 'shop.example' });
    expect(originOf(request('10.1.2.3', { 'x-forwarded-host': 'a b' })).host).to.equal('gateway:8080');
    expect(originOf(request('10.1.2.3', { 'x-forwarded-host': '' })).host).to.equal('gateway:8080');
  });

  it('throws where a network is none', () => {
    expect(() => clientOrigin(['nonsense']))
      .to.throw()
      .with.property('code', 'configuration_error');
  });
});
