import { rmSync } from 'node:fs';
import { inspect } from 'node:util';
import { expect } from 'chai';
import sinon from 'sinon';
import { keyRingFromEnv } from '../../lib/shared/key-ring-env.js';
import { keyRingFromFile, type WatchedKeyRing } from '../../lib/shared/key-ring-file.js';
import { createServiceToken, createTokenVerifier } from '../../lib/shared/token.js';
import { serviceClaims } from '../support/claims.js';
import { forge } from '../support/forge.js';
import { newEcPair, newSecret } from '../support/keys.js';
import { mountSecret } from '../support/mounted-secret.js';
import { type RecordingLogger, recordingLogger } from '../support/recording-logger.js';
import { expectNoPieceOf, misconfiguredBy, refusalOf, thrownBy } from '../support/refusals.js';
import { shown } from '../support/shown.js';
import { type KeyDirectory, keyDirectory } from './key-files.js';

describe('keyRingFromFile', () => {
  const [a, b, c] = [newSecret(), newSecret(), newSecret()];
  let directory: KeyDirectory;
  let clock: sinon.SinonFakeTimers;
  let logger: RecordingLogger;
  let rings: WatchedKeyRing[];

  beforeEach(() => {
    directory = keyDirectory();
    clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    logger = recordingLogger();
    rings = [];
  });
  afterEach(() => {
    for (const ring of rings) ring.close();
    clock.restore();
    directory.remove();
  });

  const follow = (path: string, options = {}): WatchedKeyRing => {
    const ring = keyRingFromFile(path, { logger, ...options });
    rings.push(ring);
    return ring;
  };
  const write = (current: unknown, ...previous: readonly unknown[]): string =>
    directory.write('keys.json', JSON.stringify({ current, previous }));
  const tokenOf = (secret: string): string => createServiceToken('orders-service', { keys: secret });
  const levels = (): readonly string[] => logger.lines.map(({ level }) => level);

  it('signs with the new key and verifies the old one, within a second', () => {
    const ring = follow(write(a));
    const before = ring.snapshot();
    write(b, a);
    clock.tick(1000);
    expect(ring.snapshot()).not.to.equal(before);
    const verifier = createTokenVerifier({ keys: b });
    expect(verifier.verify(createServiceToken('orders-service', { keys: ring })).sub).to.equal('orders-service');
    expect(ring.snapshot().keys).to.have.length(2);
    expect(ring.snapshot()).to.equal(ring.snapshot());
  });

  // K1
  it('accepts a token of a key that was written a moment ago, and refuses one of a dropped key, remembered or not', () => {
    const ring = follow(write(a));
    const verifier = createTokenVerifier({ keys: ring });
    const [ofA, ofB] = [tokenOf(a), tokenOf(b)];
    verifier.verify(ofA);
    expect(refusalOf(() => verifier.verify(ofB)).reason).to.equal('unknown_key');
    write(b, a);
    verifier.verify(ofB);
    verifier.verify(ofA);
    write(b);
    clock.tick(1000);
    expect(refusalOf(() => verifier.verify(ofA)).reason).to.equal('unknown_key');
    verifier.verify(ofB);
  });

  it('accepts a token without a key id, of a key that was written a moment ago', () => {
    const ring = follow(write(a));
    const verifier = createTokenVerifier({ keys: ring });
    const token = forge(b, { alg: 'HS256', typ: 'JWT' }, serviceClaims());
    expect(refusalOf(() => verifier.verify(token)).reason).to.equal('bad_signature');
    write(b);
    verifier.verify(token);
  });

  it('looks at the file for made-up key ids, and reads it ten times a second at most', () => {
    const ring = follow(write(a));
    expect(ring.refresh()).to.equal(false);
    expect(ring.refresh()).to.equal(false);
    write(b);
    expect(ring.refresh()).to.equal(true);
    expect(ring.refresh()).to.equal(false);
  });

  it('follows what Kubernetes mounts, in one step', () => {
    const mount = mountSecret(directory.path, { current: a });
    const ring = follow(mount.path);
    mount.write({ current: `${b}\n`, previous: a });
    expect(ring.refresh()).to.equal(true);
    expect(ring.snapshot().keys).to.have.length(2);
    mount.write({ current: b });
    clock.tick(1000);
    expect(ring.snapshot().keys).to.have.length(1);
  });

  it('is not caught between two writes of a plain directory', () => {
    directory.write('current', a);
    const ring = follow(directory.path);
    directory.write('current', b);
    // `previous` is just being written: one look must not drop the old key.
    expect(ring.refresh()).to.equal(false);
    directory.write('previous', a);
    clock.tick(1000);
    expect(ring.snapshot().keys).to.have.length(1);
    expect(createTokenVerifier({ keys: ring }).verify(tokenOf(a)).sub).to.equal('orders-service');
    clock.tick(1000);
    expect(ring.snapshot().keys).to.have.length(2);
  });

  it('takes one algorithm for all, and one for each', () => {
    const pair = newEcPair();
    const path = write({ key: a, algorithm: 'HS384', kid: 'mine' }, { key: pair.publicPem, service: 'orders-service' });
    const [current, previous] = follow(path).snapshot().keys;
    expect(current).to.include({ kid: 'mine', algorithm: 'HS384' });
    expect(previous).to.include({ algorithm: 'ES256', service: 'orders-service' });
    directory.write('keys.json', JSON.stringify({ current: a, algorithm: 'HS512' }));
    expect(follow(path).snapshot().current?.algorithm).to.equal('HS512');
  });

  it('may hold keys that only verify', () => {
    const pair = newEcPair();
    const ring = follow(directory.write('keys.json', JSON.stringify({ previous: pair.publicPem })));
    expect(ring.snapshot().current).to.equal(undefined);
    createTokenVerifier({ keys: ring }).verify(createServiceToken('orders-service', { keys: pair.privatePem }));
  });

  // K5
  describe('keeps the keys in force, and says so as an error, where the new state', () => {
    const BROKEN: readonly (readonly [what: string, text: () => string])[] = [
      ['is cut short', () => JSON.stringify({ current: b }).slice(0, -5)],
      ['is empty', () => ''],
      ['has no key', () => '{}'],
      ['has a weak key', () => JSON.stringify({ current: 'short' })],
      ['has a placeholder', () => JSON.stringify({ current: 'change-me-change-me-change-me-change-me' })],
      ['has a key twice', () => JSON.stringify({ current: b, previous: [b] })],
      ['has one id twice', () => JSON.stringify({ current: { key: b, kid: 'x' }, previous: [{ key: c, kid: 'x' }] })],
      ['has a public key in front', () => JSON.stringify({ current: newEcPair().publicPem })],
      ['has a member that is misspelt', () => JSON.stringify({ current: b, previuos: [a] })],
      ['has an algorithm that there is not', () => JSON.stringify({ current: b, algorithm: 'none' })],
    ];
    for (const [what, text] of BROKEN) {
      it(what, () => {
        const ring = follow(write(a));
        const before = ring.snapshot();
        directory.replace('keys.json', text());
        clock.tick(5000);
        expect(ring.snapshot()).to.equal(before);
        expect(levels()).to.deep.equal(['error']);
        const line = inspect(logger.lines, { depth: 10 });
        for (const key of [a, b, c]) expectNoPieceOf(key, line);
        write(b, a);
        clock.tick(1000);
        expect(ring.snapshot().keys).to.have.length(2);
        expect(levels()).to.deep.equal(['error', 'info', 'info']);
      });
    }

    it('is not there', () => {
      const ring = follow(write(a));
      rmSync(directory.file('keys.json'));
      clock.tick(2000);
      expect(ring.snapshot().keys).to.have.length(1);
      expect(levels()).to.deep.equal(['error']);
    });
  });

  it('tells of a change by ids, never by keys', () => {
    const ring = follow(write(a));
    write(b, a);
    clock.tick(1000);
    const [line] = logger.lines;
    expect(line).to.include({ level: 'info', message: 'Key ring changed' });
    expect(line?.fields?.['keys']).to.deep.equal(
      ring.snapshot().keys.map(({ kid, algorithm }, i) => ({ kid, algorithm, signs: i === 0, service: undefined })),
    );
    for (const text of [
      inspect(line, { depth: 10 }),
      inspect(ring, { depth: 10, showHidden: true }),
      JSON.stringify(ring),
    ]) {
      for (const key of [a, b]) expectNoPieceOf(key, text);
      expect(text).to.include(ring.snapshot().current?.kid);
    }
  });

  it('has a new key sign only after signAfterSeconds', () => {
    const ring = follow(write(a), { signAfterSeconds: 120 });
    const old = ring.snapshot().current?.kid;
    write(b, a);
    clock.tick(1000);
    expect(ring.snapshot().current?.kid).to.equal(old);
    createTokenVerifier({ keys: ring }).verify(tokenOf(b));
    clock.tick(120_000);
    expect(ring.snapshot().current?.kid).not.to.equal(old);
    expect(logger.lines.map(({ message }) => message)).to.deep.equal(['Key ring changed', 'Key ring changed']);
  });

  it('follows no longer once it is closed', () => {
    const ring = follow(write(a));
    const before = ring.snapshot();
    ring.close();
    write(b);
    clock.tick(5000);
    expect(ring.snapshot()).to.equal(before);
  });

  it('is not disturbed by a logger that fails', () => {
    const failing = () => {
      throw new Error('no log');
    };
    const ring = follow(write(a), { logger: { debug: failing, info: failing, warn: failing, error: failing } });
    write(b);
    clock.tick(1000);
    createTokenVerifier({ keys: ring }).verify(tokenOf(b));
  });

  it('needs keys at first', () => {
    const path = directory.write('keys.json', '{}');
    expect(misconfiguredBy(() => follow(path))).to.equal("'current' in keyRingFromFile");
    expect(misconfiguredBy(() => follow(directory.file('nowhere')))).to.equal('keyRingFromFile');
    follow(write(a));
  });

  it('shows no path that is a secret in the wrong place', () => {
    expectNoPieceOf(a, String(thrownBy(() => follow(a))));
  });

  for (const path of ['', undefined, null, 5, {}]) {
    it(`refuses the path ${shown(path)}`, () => {
      expect(misconfiguredBy(() => keyRingFromFile(path as never))).to.equal('path');
    });
  }

  for (const value of [-1, 1.5, 86_401, '5', Number.NaN]) {
    it(`refuses signAfterSeconds: ${shown(value)}`, () => {
      expect(misconfiguredBy(() => follow(write(a), { signAfterSeconds: value }))).to.equal('signAfterSeconds');
      follow(write(a), { signAfterSeconds: 86_400 });
    });
  }

  it('refuses an option that is misspelt', () => {
    expect(misconfiguredBy(() => follow(write(a), { signAfter: 5 }))).to.equal("'signAfter'");
  });
});

describe('keyRingFromEnv, JWT_KEYS_FILE', () => {
  let directory: KeyDirectory;
  before(() => {
    directory = keyDirectory();
  });
  after(() => {
    directory.remove();
  });

  it('names the keys, before JWT_SECRET_KEY', () => {
    const [inFile, inEnv] = [newSecret(), newSecret()];
    const JWT_KEYS_FILE = directory.write('keys.json', JSON.stringify({ current: inFile }));
    const ring = keyRingFromEnv({ JWT_KEYS_FILE, JWT_SECRET_KEY: inEnv }) as WatchedKeyRing;
    createTokenVerifier({ keys: ring }).verify(createServiceToken('orders-service', { keys: inFile }));
    expect(
      refusalOf(() => createTokenVerifier({ keys: ring }).verify(createServiceToken('orders-service', { keys: inEnv })))
        .code,
    ).to.equal('invalid_token');
    ring.close();
  });

  it('is an error where it names nothing', () => {
    for (const JWT_KEYS_FILE of ['', directory.file('nowhere')]) {
      expect(misconfiguredBy(() => keyRingFromEnv({ JWT_KEYS_FILE }))).to.equal('JWT_KEYS_FILE');
    }
  });
});
