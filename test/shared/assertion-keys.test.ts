import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { expect } from 'chai';
import {
  type AssertionKeyInput,
  type AssertionKeys,
  assertionKeysFromInputs,
  assertionKeysFromRing,
  deriveAssertionKey,
} from '../../lib/shared/assertion-keys.js';
import { keyId } from '../../lib/shared/key.js';
import { createKeyRing, type KeysInput } from '../../lib/shared/key-ring.js';
import { newEcPair, newRsaPair, newSecret, newSecretKey } from '../support/keys.js';
import { expectNoPieceOf, misconfiguredBy, thrownBy } from '../support/refusals.js';

const [secret, old] = [newSecret(), newSecret()];
const pair = newEcPair();

function derivedByHand(from: string, service: string): Buffer {
  return Buffer.from(hkdfSync('sha256', from, '', `gateway-assertion:${service}`, 32));
}

function kidOf(bytes: Buffer): string {
  return keyId(createSecretKey(bytes));
}

describe('deriveAssertionKey', () => {
  it('is HKDF-SHA256 of the current secret for the service', () => {
    const expected = derivedByHand(secret, 'orders-service').toString('base64url');
    for (const keys of [secret, { current: secret, previous: old }, createKeyRing({ current: secret })]) {
      expect(deriveAssertionKey('orders-service', { keys })).to.equal(expected);
    }
    expect(expected).to.have.length(43);
  });

  it('is a known value for a known secret', () => {
    // Computed by hand with Python's hmac: RFC 5869 with a salt of zeros.
    const key = Buffer.from(Array.from({ length: 48 }, (_, i) => (i * 37) % 251));
    expect(deriveAssertionKey('orders-service', { keys: key })).to.equal('AUiyPwggvYMbcyMLFCPt0adrBTHTYGJbbymssFIzNs4');
  });

  it('is another for another service and for another secret', () => {
    const keys = [secret, old].flatMap((one) =>
      ['a', 'b'].map((service) => deriveAssertionKey(service, { keys: one })),
    );
    expect(new Set(keys).size).to.equal(4);
  });

  const CASES: readonly (readonly [string, KeysInput])[] = [
    ['a key pair', pair.privatePem],
    ['a secret that is bound to a service', { key: secret, service: 'orders-service' }],
    ['previous secrets only', { previous: secret }],
  ];
  for (const [name, keys] of CASES) {
    it(`refuses ${name}`, () =>
      expect(misconfiguredBy(() => deriveAssertionKey('orders-service', { keys }))).to.equal('keys'));
  }

  it('refuses what is no service name', () => {
    for (const service of ['', 'Orders', 'a:b', undefined]) {
      expect(misconfiguredBy(() => deriveAssertionKey(service as string, { keys: secret }))).to.equal('service');
    }
  });
});

describe('assertionKeysFromRing', () => {
  it('derives a key for each service from each secret, and signs with the current one’s', () => {
    const keys = assertionKeysFromRing(createKeyRing({ current: secret, previous: old }), false);
    for (const service of ['orders-service', 'sales-service']) {
      const [fromCurrent, fromOld] = [secret, old].map((one) => derivedByHand(one, service)) as [Buffer, Buffer];
      expect(keys.snapshot().signingKey(service)?.kid).to.equal(kidOf(fromCurrent));
      expect(keys.snapshot().signingKey(service)?.signingKey?.export().equals(fromCurrent)).to.equal(true);
      for (const bytes of [fromCurrent, fromOld]) {
        const found = keys.snapshot().verificationKey(kidOf(bytes), service);
        expect(found?.key.export().equals(bytes)).to.equal(true);
        expect(found).to.include({ algorithm: 'HS256', service: undefined });
      }
      expect(keys.snapshot().verificationKey(kidOf(fromCurrent), 'another-service')).to.equal(undefined);
    }
  });

  it('never uses a key of tokens itself', () => {
    const ring = createKeyRing({ current: secret, previous: [old, pair.publicPem] });
    const keys = assertionKeysFromRing(ring, false);
    for (const { kid } of ring.snapshot().keys)
      expect(keys.snapshot().verificationKey(kid, 'orders-service')).to.equal(undefined);
  });

  it('uses key pairs only in a ring that was made for assertions', () => {
    const ring = createKeyRing({ current: pair.privatePem, previous: secret });
    const kid = keyId(pair.publicKey);
    const [ofTokens, own] = [assertionKeysFromRing(ring, false), assertionKeysFromRing(ring, true)];
    expect(ofTokens.snapshot().verificationKey(kid, 'a')).to.equal(undefined);
    // From a secret to a pair without a gap: the secret vouches until it is dropped.
    expect(ofTokens.snapshot().signingKey('a')?.kid).to.equal(kidOf(derivedByHand(secret, 'a')));
    expect([own.snapshot().signingKey('a'), own.snapshot().verificationKey(kid, 'a')]).to.deep.equal([
      ring.snapshot().current,
      ring.snapshot().current,
    ]);
    expect(ofTokens.snapshot().verificationKey(kidOf(derivedByHand(secret, 'a')), 'a')).not.to.equal(undefined);
  });

  // K4
  it('derives nothing from a secret that is bound to a service', () => {
    const bound = { key: secret, service: 'orders-service' };
    for (const service of ['orders-service', 'sales-service']) {
      const kid = kidOf(derivedByHand(secret, service));
      expect(
        assertionKeysFromRing(createKeyRing({ current: secret }), false)
          .snapshot()
          .verificationKey(kid, service),
      ).not.to.equal(undefined);
      for (const usePairs of [false, true]) {
        const keys = assertionKeysFromRing(createKeyRing({ current: bound, previous: old }), usePairs);
        expect(keys.snapshot().verificationKey(kid, service)).to.equal(undefined);
        const unbound = kidOf(derivedByHand(old, service));
        expect(keys.snapshot().verificationKey(unbound, service)).not.to.equal(undefined);
        expect(keys.snapshot().signingKey(service)?.kid).to.equal(unbound);
      }
    }
  });

  // K4
  it('lets no pair that is bound to a service vouch for anybody', () => {
    const bound = { key: pair.privatePem, service: 'orders-service' };
    for (const ring of [
      createKeyRing({ current: bound }),
      createKeyRing({ current: newEcPair().privatePem, previous: bound }),
    ]) {
      expect(assertionKeysFromRing(ring, true).snapshot().verificationKey(keyId(pair.publicKey), 'a')).to.equal(
        undefined,
      );
    }
    expect(
      assertionKeysFromRing(createKeyRing({ current: bound }), true)
        .snapshot()
        .signingKey('a'),
    ).to.equal(undefined);
  });

  it('signs nothing without a current key', () => {
    const keys = assertionKeysFromRing(createKeyRing({ previous: [secret, pair.publicPem] }), true);
    expect(keys.snapshot().signingKey('a')).to.equal(undefined);
    expect(keys.snapshot().verificationKey(keyId(pair.publicKey), 'a')).not.to.equal(undefined);
  });

  it('follows a rotation at once', () => {
    let ring = createKeyRing({ current: secret });
    const keys = assertionKeysFromRing({ snapshot: () => ring.snapshot() }, false);
    const before = keys.snapshot();
    const kid = keys.snapshot().signingKey('a')?.kid ?? '';
    expect(keys.snapshot()).to.equal(before);
    ring = createKeyRing({ current: old });
    expect(keys.snapshot()).not.to.equal(before);
    expect(keys.snapshot().signingKey('a')?.kid).to.equal(kidOf(derivedByHand(old, 'a')));
    expect(keys.snapshot().verificationKey(kid, 'a')).to.equal(undefined);
  });

  it('derives once for a service, and remembers a bounded number of them', () => {
    const keys = assertionKeysFromRing(createKeyRing({ current: secret }), false);
    const first = keys.snapshot().signingKey('s0');
    for (let i = 0; i < 256; i++) keys.snapshot().signingKey(`s${String(i)}`);
    expect(keys.snapshot().signingKey('s0')).to.equal(first);
    keys.snapshot().verificationKey('a kid', 's256');
    expect(keys.snapshot().signingKey('s0')).not.to.equal(first);
    expect(keys.snapshot().signingKey('s0')?.kid).to.equal(first?.kid);
  });
});

describe('assertionKeysFromInputs', () => {
  const text = deriveAssertionKey('orders-service', { keys: secret });
  const bytes = derivedByHand(secret, 'orders-service');

  function check(keys: AssertionKeys, kid: string): KeyObject | undefined {
    expect(keys.snapshot().signingKey('orders-service')).to.equal(undefined);
    expect(keys.snapshot()).to.equal(keys.snapshot());
    return keys.snapshot().verificationKey(kid, 'orders-service')?.key;
  }

  it('takes a derived key in every form', () => {
    for (const input of [text, bytes, new Uint8Array(bytes), createSecretKey(bytes)]) {
      expect(
        check(assertionKeysFromInputs('assertionKeys', [input], []), kidOf(bytes))
          ?.export()
          .equals(bytes),
      ).to.equal(true);
    }
  });

  it('takes the gateway’s public key in every form', () => {
    for (const one of [pair, newRsaPair()]) {
      for (const input of [one.publicPem, one.publicPem.replaceAll('\n', '\\n'), one.publicKey]) {
        expect(
          check(assertionKeysFromInputs('assertionKeys', [input], []), keyId(one.publicKey))?.equals(one.publicKey),
        ).to.equal(true);
      }
    }
  });

  it('takes several, and finds nothing by the id of another', () => {
    const keys = assertionKeysFromInputs('assertionKeys', [text, pair.publicPem], []);
    expect([check(keys, kidOf(bytes))?.type, check(keys, keyId(pair.publicKey))?.type]).to.deep.equal([
      'secret',
      'public',
    ]);
    for (const kid of ['', 'x', '__proto__', 'constructor']) expect(check(keys, kid)).to.equal(undefined);
  });

  const CASES: readonly (readonly [string, unknown])[] = [
    ['a token secret', secret],
    ['a token secret of 43 characters that are not canonical', `${text.slice(0, 42)}B`],
    ['a shorter key', text.slice(0, 42)],
    ['a longer key', `${text}A`],
    ['a key with a line end', `${text}\n`],
    ['standard base64', `${bytes.toString('base64').slice(0, 42)}+`],
    ['a placeholder', 'A'.repeat(43)],
    ['a placeholder’s bytes', Buffer.alloc(32)],
    ['a placeholder’s KeyObject', createSecretKey(Buffer.alloc(32, 7))],
    ['nothing', ''],
    ['31 bytes', bytes.subarray(1)],
    ['33 bytes', Buffer.concat([bytes, Buffer.from([1])])],
    ['a secret KeyObject of another size', newSecretKey(48)],
    ['the gateway’s private key', pair.privatePem],
    ['the gateway’s private KeyObject', pair.privateKey],
    ['half a PEM', pair.publicPem.slice(0, 80)],
    ['a PEM with a prefix', `key: ${pair.publicPem}`],
    ['a PEM’s bytes', Buffer.from(pair.publicPem)],
    ['an RSA key of 1024 bits', newRsaPair(1024).publicPem],
    ['undefined', undefined],
    ['null', null],
    ['a number', 7],
    ['an object', { key: text }],
  ];
  for (const [name, input] of CASES) {
    it(`refuses ${name}`, () => {
      const act = (): unknown =>
        assertionKeysFromInputs('GATEWAY_ASSERTION_KEY', [text, input as AssertionKeyInput], []);
      expect(misconfiguredBy(act)).to.equal('GATEWAY_ASSERTION_KEY');
      const error = String((thrownBy(act) as Error).stack);
      expectNoPieceOf(text, error);
      if (typeof input === 'string' && !input.includes('PUBLIC'))
        expectNoPieceOf(input.replaceAll(/-----[A-Z ]+-----/g, ''), error);
    });
  }

  it('refuses an empty list', () => {
    for (const list of [[], new Array<string>(1)]) {
      expect(misconfiguredBy(() => assertionKeysFromInputs('assertionKeys', list, []))).to.equal('assertionKeys');
    }
  });
});
