import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import net from 'node:net';
import { expect } from 'chai';
import { trustedNetworks } from '../../lib/server/trusted-networks.js';
import { newSecret } from '../support/keys.js';
import { misconfiguredBy, thrownBy } from '../support/refusals.js';

const from = (remoteAddress: string | undefined, more: object = {}): IncomingMessage =>
  ({ socket: { remoteAddress, ...more } }) as unknown as IncomingMessage;

describe('trustedNetworks', () => {
  const rows: readonly [entry: string, trusted: readonly string[], others: readonly string[]][] = [
    ['10.1.2.3', ['10.1.2.3', '::ffff:10.1.2.3', '::FFFF:10.1.2.3'], ['10.1.2.4', '110.1.2.3', '::1']],
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '::ffff:10.9.9.9'], ['11.0.0.0', '9.255.255.255', '::a00:1']],
    ['10.1.2.3/32', ['10.1.2.3'], ['10.1.2.2']],
    ['20.0.0.0/8', ['20.1.1.1', '20.255.1.1'], ['21.1.1.1', '19.1.1.1']],
    ['::ffff:10.0.0.0/104', ['::ffff:a00:1'], ['::ffff:b00:1']],
    ['fe00::/7', ['fe80::1', 'ff02::1'], ['fc00::1', '10.0.0.1']],
    ['2001:db8::/32', ['2001:db8::1', '2001:db8:ffff::1'], ['2001:db9::1', '10.0.0.1']],
    ['fe80::1', ['fe80::1', 'fe80::1%eth0'], ['fe80::2', 'fe80::2%eth0']],
    ['::1/128', ['::1'], ['::2', '0.0.0.1', '127.0.0.1']],
    ['loopback', ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'], ['128.0.0.1', '::2', '10.0.0.1']],
    [
      'private',
      ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.9.9', 'fc00::1', 'fdff::1', '::ffff:10.0.0.1'],
      ['11.0.0.1', '172.15.0.1', '172.32.0.1', '192.169.0.1', 'fe80::1', 'fbff::1', '127.0.0.1', '8.8.8.8'],
    ],
  ];

  for (const [entry, trusted, others] of rows) {
    it(`believes peers of ${entry} and no others`, () => {
      const check = trustedNetworks([entry]);
      for (const address of trusted) expect(check(from(address)), address).to.equal(true);
      for (const address of others) expect(check(from(address)), address).to.equal(false);
      expect(check(from(undefined))).to.equal(false);
    });
  }

  // H16: whoever writes such a block means his own network, and would believe everybody's.
  for (const wide of [
    '0.0.0.0/0',
    '128.0.0.0/1',
    '10.0.0.0/7',
    '::/0',
    '::/1',
    '8000::/6',
    '::/8',
    '::ffff:0:0/96',
    '::ffff:0:0/103',
    '::ffff:32.0.0.0/99',
    '::ffff:64.0.0.0/103',
    '::ffff:200.0.0.0/97',
  ]) {
    it(`refuses ${wide}, which is nearly everybody`, () => {
      const error = thrownBy(() => trustedNetworks([wide])) as Error;
      expect(error.message).to.include(`must not hold '${wide}': it believes nearly everybody`);
    });
  }

  it('believes the peers of each entry', () => {
    const check = trustedNetworks(['unix', '10.0.0.1', 'loopback', '10.0.0.2']);
    for (const address of ['10.0.0.1', '10.0.0.2', '127.0.0.1']) expect(check(from(address))).to.equal(true);
    expect(check(from('10.0.0.3'))).to.equal(false);
  });

  it('believes nobody where the list is empty', () => {
    for (const address of ['127.0.0.1', '::1', undefined]) expect(trustedNetworks([])(from(address))).to.equal(false);
  });

  it('reads the list once', () => {
    const list = ['10.0.0.1'];
    const check = trustedNetworks(list);
    list.push('unix', '10.0.0.2');
    expect(check(from('10.0.0.2'))).to.equal(false);
    expect(check(from(undefined, { server: { address: () => '/run/x.sock' } }))).to.equal(false);
  });

  describe('unix', () => {
    const check = trustedNetworks(['unix']);

    it('believes the peer of a server that listens on a path', () => {
      const peer = from(undefined, { server: { address: () => '/run/x.sock' } });
      expect(check(peer)).to.equal(true);
      expect(trustedNetworks(['loopback', 'private'])(peer)).to.equal(false);
    });

    it('does not believe a TCP socket that has lost its address', () => {
      for (const address of [null, { address: '127.0.0.1', family: 'IPv4', port: 1 }]) {
        expect(check(from(undefined, { server: { address: () => address } }))).to.equal(false);
      }
      expect(check(from(undefined))).to.equal(false);
      expect(check(from('127.0.0.1', { server: { address: () => '/run/x.sock' } }))).to.equal(false);
    });

    it('does not believe a real TCP socket that was destroyed', async () => {
      const server = net.createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
      const [socket] = (await once(server, 'connection')) as [net.Socket];
      // Its address was not read before: Node remembers one that was.
      socket.destroy();
      client.destroy();
      expect(socket.remoteAddress).to.equal(undefined);
      expect(check({ socket } as unknown as IncomingMessage)).to.equal(false);
      await new Promise((resolve) => server.close(resolve));
    });
  });

  it('does not believe a request that has no socket', () => {
    const bare = { headers: {} } as IncomingMessage;
    expect(trustedNetworks(['loopback', 'unix'])(bare)).to.equal(false);
  });

  describe('refuses at construction', () => {
    for (const entry of [
      '',
      ' 10.0.0.1',
      '10.0.0',
      '10.0.0.1/',
      '10.0.0.1/33',
      '10.0.0.1/-1',
      '10.0.0.1/8/8',
      '10.0.0.1/1e1',
      '10.0.0.1/ 8',
      '::1/129',
      '/8',
      'localhost',
      'Loopback',
      'constructor',
      '__proto__',
      '*',
      'all',
      '0.0.0.0/0',
      '::/0',
      '10.0.0.1/0',
      '10.0.0.1/000',
      undefined,
      null,
      7,
      ['10.0.0.1'],
      {},
    ]) {
      it(entry === undefined ? 'undefined' : JSON.stringify(entry), () => {
        expect(misconfiguredBy(() => trustedNetworks(['loopback', entry as string]))).to.equal('trustedNetworks');
      });
    }

    // K8
    it('without quoting what is no address, which may be a secret in the wrong place', () => {
      const secret = newSecret();
      for (const entry of [secret, secret.toLowerCase(), 'cafe'.repeat(12), `10.0.0.${secret}`]) {
        expect(String(thrownBy(() => trustedNetworks([entry])))).to.include('the text that was given');
      }
      for (const entry of ['10.0.0.256', '10.0.0.0/33', '::1/129', '1.2.3']) {
        expect(String(thrownBy(() => trustedNetworks([entry])))).to.include(`'${entry}'`);
      }
    });

    it('what is no list', () => {
      for (const value of ['loopback', null, {}, 7]) {
        expect(misconfiguredBy(() => trustedNetworks(value as unknown as string[]))).to.equal('trustedNetworks');
      }
    });
  });
});
