import { expect } from 'chai';
import { isInClusterHost, isLinkLocal } from '../../../lib/client/target/cluster-hosts.js';

const hostOf = (authority: string): string => new URL(`http://${authority}/`).hostname;

describe('isInClusterHost', () => {
  it('says the same again, however many hosts were asked for meanwhile', () => {
    for (let round = 0; round < 2; round++) {
      expect(isInClusterHost('orders-service')).to.equal(true);
      expect(isInClusterHost('example.com')).to.equal(false);
      for (let i = 0; i < 1100; i++) isInClusterHost(`h${round}-${i}.example.com`);
    }
  });

  for (const authority of [
    'localhost',
    'LOCALHOST',
    'api.localhost',
    '127.0.0.1',
    '127.255.0.1',
    '0x7f000001',
    '2130706433',
    '127.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '[fc00::1]',
    '[fd12:3456::1]',
    '[fdff:ffff::1]',
    '[::ffff:192.168.0.1]',
    '[::ffff:10.0.0.1]',
    'orders-service',
    'orders-service.',
    'orders_service',
    'orders-service.bakery-ia.svc',
    'orders-service.bakery-ia.svc.cluster.local',
    'orders-service.bakery-ia.svc.cluster.local.',
    'orders.internal',
  ]) {
    it(`is true for ${authority}`, () => {
      expect(isInClusterHost(hostOf(authority))).to.equal(true);
    });
  }

  for (const authority of [
    'example.com',
    'localhost.example.com',
    'orders-service.svc.example.com',
    'svc.cluster.local.evil.example',
    'evilinternal.com',
    'cluster.local',
    'orders.cluster.local',
    'orders.local',
    'internal.example.com',
    'orders-service..',
    'orders.internal..',
    'orders.bakery.svc.cluster.internal.example',
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '192.169.0.1',
    '11.0.0.1',
    '100.64.0.1',
    '0.0.0.0',
    '[::]',
    '[2001:db8::1]',
    '[fbff::1]',
    '[fe00::1]',
    '[fec0::1]',
    '[::8.8.8.8]',
    '[::ffff:8.8.8.8]',
    '169.254.0.0',
    '169.254.169.254',
    '169.254.169.254.',
    '169.254.43518',
    '2852039166',
    '0xA9FEA9FE',
    '0251.0376.0251.0376',
    '１６９。２５４。169.254',
    '%31%36%39.254.169.254',
    '[fe80::1]',
    '[febf:ffff::1]',
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
    '[fd00:ec2::254]',
    '[fd20:ce::254]',
    '[fd00:c1::a9fe:a9fe]',
    '[fd00:42::42]',
    '100.100.100.200',
    '[fd00:0ec2:0::0254]',
    'metadata.google.internal',
    'METADATA.google.internal.',
    'metadata。google。internal',
    'instance-data.ec2.internal',
  ]) {
    it(`is false for ${authority}`, () => {
      expect(isInClusterHost(hostOf(authority))).to.equal(false);
    });
  }

  it('is false for no host at all', () => {
    expect(isInClusterHost('')).to.equal(false);
    expect(isInClusterHost('.')).to.equal(false);
  });
});

describe('isLinkLocal', () => {
  for (const address of [
    '169.254.0.0',
    '169.254.0.1',
    '169.254.255.255',
    '169.254.169.254',
    'fe80::1',
    'fe80::1%eth0',
    '[fe80::1]',
    'febf:ffff::1',
    '::ffff:a9fe:a9fe',
    '::ffff:169.254.1.1',
    'fd00:ec2::254',
  ]) {
    it(`is true for ${address}`, () => {
      expect(isLinkLocal(address)).to.equal(true);
    });
  }

  for (const address of [
    '',
    'orders-service',
    '169.254.169.254.example.com',
    '169.253.0.1',
    '169.255.0.1',
    'fe7f::1',
    '[::1]',
    '10.0.0.1',
    '127.0.0.1',
    '::1',
    'fec0::1',
    '::ffff:10.0.0.1',
    'fd00:ec3::254',
  ]) {
    it(`is false for ${address}`, () => {
      expect(isLinkLocal(address)).to.equal(false);
    });
  }
});
