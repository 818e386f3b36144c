import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { inspect } from 'node:util';
import { expect } from 'chai';
import sinon from 'sinon';
import { keyRingFromEnv } from '../../lib/shared/key-ring-env.js';
import { InvalidTokenError, TokenExpiredError, WrongAudienceError } from '../../lib/shared/errors.js';
import { keyRingFromFile, readKeyRingFile, type WatchedKeyRing } from '../../lib/shared/key-ring-file.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { withFreshKeys } from '../../lib/shared/token-checker.js';
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

  it('reads what editors on Windows write, in a file and in a directory', () => {
    const path = directory.write('keys.json', `\uFEFF${JSON.stringify({ current: a, previous: [b] }, null, 2)}\r\n`);
    const mount = mountSecret(directory.path, {
      current: `\uFEFF${a}\r\n`,
      previous: `${b}\r\n`,
      algorithm: 'HS256\r\n',
    });
    const ids = [path, mount.path].map((source) =>
      follow(source)
        .snapshot()
        .keys.map(({ kid }) => kid),
    );
    expect(ids[0]).to.have.length(2).and.to.deep.equal(ids[1]);
  });

  it('reads key pairs from the files of a directory', () => {
    const [pair, other] = [newEcPair(), newEcPair()];
    const mount = mountSecret(directory.path, { 'current.pem': pair.privatePem, 'previous-1.pem': other.publicPem });
    const ring = follow(mount.path);
    expect(ring.snapshot().keys.map(({ algorithm }) => algorithm)).to.deep.equal(['ES256', 'ES256']);
    createTokenVerifier({ keys: ring }).verify(createServiceToken('orders-service', { keys: other.privatePem }));
    mount.write({ 'current.pem': pair.publicPem });
    clock.tick(2000);
    expect(ring.snapshot().keys).to.have.length(2);
    expect(levels()).to.deep.equal(['error']);
  });

  it('accepts a token of a key that Kubernetes mounted a moment ago', () => {
    const mount = mountSecret(directory.path, { current: a });
    const verifier = createTokenVerifier({ keys: follow(mount.path) });
    const [ofA, ofB] = [tokenOf(a), tokenOf(b)];
    expect(refusalOf(() => verifier.verify(ofB)).reason).to.equal('unknown_key');
    verifier.verify(ofA);
    mount.write({ current: b, previous: a });
    verifier.verify(ofB);
    verifier.verify(ofA);
    mount.write({ current: b });
    clock.tick(1000);
    expect(refusalOf(() => verifier.verify(ofA)).reason).to.equal('unknown_key');
    verifier.verify(ofB);
  });

  it('follows a file that is written anew in place, and one that is replaced by another', () => {
    const ring = follow(write(a));
    write(b, a);
    expect([ring.refresh(), ring.snapshot().keys.length]).to.deep.equal([true, 2]);
    directory.replace('keys.json', JSON.stringify({ current: c, previous: [b, a] }));
    expect([ring.refresh(), ring.snapshot().keys.length]).to.deep.equal([true, 3]);
  });

  it('gives one snapshot as long as the text is the same, however often it is written', () => {
    const ring = follow(write(a, b));
    const before = ring.snapshot();
    for (let i = 0; i < 3; i++) {
      directory.replace('keys.json', JSON.stringify({ current: a, previous: [b] }));
      expect(ring.refresh()).to.equal(false);
      clock.tick(1000);
    }
    expect(ring.snapshot()).to.equal(before);
    expect(logger.lines).to.deep.equal([]);
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

    const BROKEN_FILES: readonly (readonly [what: string, broke: (path: string) => void])[] = [
      ['is no text in UTF-8', () => directory.write('keys.json', Buffer.from([0xff, 0xfe, 0x7b]))],
      ['is too large', () => directory.write('keys.json', JSON.stringify({ current: b }).padEnd(1024 * 1024 + 1))],
      [
        'is a pipe',
        (path) => {
          rmSync(path);
          execFileSync('mkfifo', [path]);
        },
      ],
      [
        'is an empty directory',
        (path) => {
          rmSync(path);
          mkdirSync(path);
        },
      ],
    ];
    for (const [what, broke] of BROKEN_FILES) {
      it(what, () => {
        const path = write(a);
        const ring = follow(path);
        const before = ring.snapshot();
        broke(path);
        clock.tick(5000);
        expect(ring.snapshot()).to.equal(before);
        expect(levels()).to.deep.equal(['error']);
        rmSync(path, { recursive: true });
        write(b, a);
        clock.tick(1000);
        expect(ring.snapshot().keys).to.have.length(2);
        expect(levels()).to.deep.equal(['error', 'info', 'info']);
      });
    }

    const BROKEN_MOUNTS: readonly (readonly [what: string, files: Readonly<Record<string, string>>])[] = [
      ['has a file whose name is misspelt', { current: b, prevoius: a }],
      ['has two current keys', { current: b, 'current.pem': a }],
      ['has a key twice, in two files', { current: b, previous: `${b}\r\n` }],
      ['has an empty file', { current: b, previous: '' }],
      ['has a weak key in a file', { current: b, previous: 'short' }],
      ['has an algorithm that there is not, in a file', { current: b, algorithm: 'none' }],
      ['has no file', {}],
    ];
    for (const [what, files] of BROKEN_MOUNTS) {
      it(what, () => {
        const mount = mountSecret(directory.path, { current: a });
        const ring = follow(mount.path);
        const before = ring.snapshot();
        mount.write(files);
        clock.tick(5000);
        expect(ring.snapshot()).to.equal(before);
        expect(levels()).to.deep.equal(['error']);
        const line = inspect(logger.lines, { depth: 10 });
        for (const key of [a, b]) expectNoPieceOf(key, line);
        mount.write({ current: b, previous: a });
        clock.tick(1000);
        expect(ring.snapshot().keys).to.have.length(2);
        expect(levels()).to.deep.equal(['error', 'info', 'info']);
      });
    }

    it('is cut short for one look only, in which case nothing is said', () => {
      const ring = follow(write(a));
      directory.write('keys.json', JSON.stringify({ current: b, previous: [a] }).slice(0, 40));
      clock.tick(1000);
      write(b, a);
      clock.tick(1000);
      expect(ring.snapshot().keys).to.have.length(2);
      expect(logger.lines.map(({ message }) => message)).to.deep.equal(['Key ring changed']);
    });

    it('stays broken, again after a minute', () => {
      const path = write(a);
      follow(path);
      directory.write('keys.json', '');
      clock.tick(61_000);
      expect(levels()).to.deep.equal(['error']);
      clock.tick(1000);
      expect(levels()).to.deep.equal(['error', 'error']);
      write(a);
      clock.tick(1000);
      // The keys are those that were in force.
      expect(levels()).to.deep.equal(['error', 'error', 'info']);
      const [trouble, , recovery] = logger.lines;
      expect(trouble?.fields).to.include({ path });
      expect(trouble?.fields?.['reason']).to.be.a('string').and.not.to.equal('');
      expect(recovery?.fields).to.deep.equal({ path });
      for (const { message } of logger.lines) expect(message).not.to.equal('');
    });

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
    directory.write('keys.json', '');
    clock.tick(2000);
    createTokenVerifier({ keys: ring }).verify(tokenOf(b));
    write(a);
    clock.tick(1000);
    createTokenVerifier({ keys: ring }).verify(tokenOf(a));
  });

  it('is not disturbed by a logger that fails while a new key begins to sign', () => {
    const failing = (): never => {
      throw new Error('no log');
    };
    const ring = follow(write(a), {
      signAfterSeconds: 10,
      logger: { debug: failing, info: failing, warn: failing, error: failing },
    });
    const old = ring.snapshot().current?.kid;
    write(b, a);
    clock.tick(1000);
    expect(ring.snapshot().current?.kid).to.equal(old);
    clock.tick(10_000);
    expect(ring.snapshot().current?.kid).not.to.equal(old);
  });

  it('refuses a logger that is none', () => {
    expect(misconfiguredBy(() => follow(write(a), { logger: {} }))).to.equal('logger');
  });

  it('signs with the new key at once where the one that signed is dropped: so it is when a key has leaked', () => {
    const ring = follow(write(a, b), { signAfterSeconds: 120 });
    write(c, b);
    clock.tick(1000);
    expect(createTokenVerifier({ keys: c }).verify(createServiceToken('orders-service', { keys: ring })).sub).to.equal(
      'orders-service',
    );
    expect(refusalOf(() => createTokenVerifier({ keys: ring }).verify(tokenOf(a))).reason).to.equal('unknown_key');
    createTokenVerifier({ keys: ring }).verify(tokenOf(b));
  });

  it('is told of a key that begins to sign by the snapshot, which is another one then', () => {
    const ring = follow(write(a), { signAfterSeconds: 10 });
    write(b, a);
    clock.tick(1000);
    const early = ring.snapshot();
    clock.tick(9999);
    expect(ring.snapshot()).to.equal(early);
    clock.tick(1);
    expect(ring.snapshot()).not.to.equal(early);
    expect(ring.snapshot()).to.equal(ring.snapshot());
  });

  it('follows no longer once it is closed, whatever tokens come', () => {
    const ring = follow(write(a));
    const verifier = createTokenVerifier({ keys: ring });
    ring.close();
    write(b);
    expect(refusalOf(() => verifier.verify(tokenOf(b))).reason).to.equal('unknown_key');
    verifier.verify(tokenOf(a));
    expect(logger.lines).to.deep.equal([]);
  });

  it('is not caught between two writes of a plain directory by a stranger who makes up key ids', () => {
    directory.write('current', a);
    const ring = follow(directory.path);
    const verifier = createTokenVerifier({ keys: ring });
    directory.write('current', b);
    clock.tick(1000);
    expect(refusalOf(() => verifier.verify(tokenOf(c))).reason).to.equal('unknown_key');
    // `previous` is written only now.
    verifier.verify(tokenOf(a));
    directory.write('previous', a);
    clock.tick(2000);
    expect(ring.snapshot().keys).to.have.length(2);
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

describe('readKeyRingFile', () => {
  let directory: KeyDirectory;
  before(() => {
    directory = keyDirectory();
  });
  after(() => {
    directory.remove();
  });

  it('reads a file or directory once, and follows neither', () => {
    const [a, b] = [newSecret(), newSecret()];
    const path = directory.write('keys.json', JSON.stringify({ current: a, previous: [b] }));
    const mount = mountSecret(directory.path, { current: a, previous: b });
    for (const source of [path, mount.path]) {
      const ring = readKeyRingFile('setting', source);
      const before = ring.snapshot();
      expect(before.keys).to.have.length(2);
      expect(before.current).to.equal(before.keys[0]);
      expect(ring.refresh).to.equal(undefined);
      directory.write('keys.json', JSON.stringify({ current: b }));
      expect(ring.snapshot()).to.equal(before);
      for (const key of [a, b]) expectNoPieceOf(key, `${inspect(ring, { depth: 10 })} ${JSON.stringify(ring)}`);
    }
  });

  const [secret, other] = [newSecret(), newSecret()];
  for (const [what, json, setting] of [
    ['no key', {}, "'current' in setting"],
    ['a weak key', { current: 'short' }, "'current' in setting"],
    ['null for a key', { current: null }, "'current' in setting"],
    ['a weak previous key', { current: secret, previous: [other, 'short'] }, "'previous' in setting[1]"],
    ['null for keys', { current: secret, previous: null }, "'previous' in setting[0]"],
    ['a key twice', { current: secret, previous: [secret] }, "'previous' in setting"],
    ['a public key in front', { current: newEcPair().publicPem }, "'current' in setting"],
    ['an unknown algorithm', { current: secret, algorithm: 'none' }, "'algorithm' in setting"],
    ['null for an algorithm', { current: secret, algorithm: null }, "'algorithm' in setting"],
    ['a member that is misspelt', { current: secret, previuos: [other] }, "'previuos'"],
    ['a member of a key that is misspelt', { current: { key: secret, knd: 'x' } }, "'knd'"],
    ['a key within a key', { current: { key: { key: secret } } }, "'current' in setting"],
  ] as const) {
    it(`refuses ${what}, and names where it is`, () => {
      const act = (): unknown => readKeyRingFile('setting', directory.write('bad.json', JSON.stringify(json)));
      expect(misconfiguredBy(act)).to.equal(setting);
      for (const key of [secret, other]) expectNoPieceOf(key, String(thrownBy(act)));
      readKeyRingFile('setting', directory.write('good.json', JSON.stringify({ current: secret, previous: [other] })));
    });
  }
});

describe('withFreshKeys', () => {
  const failing = (...errors: readonly unknown[]): sinon.SinonStub => {
    const check = sinon.stub().returns('ok');
    errors.forEach((error, i) => check.onCall(i).throws(() => error as Error));
    return check;
  };

  it('looks at nothing where the check passes', () => {
    const refresh = sinon.stub().returns(true);
    const check = failing();
    expect(withFreshKeys({ refresh }, check)).to.equal('ok');
    expect([check.callCount, refresh.callCount]).to.deep.equal([1, 0]);
  });

  for (const reason of ['unknown_key', 'wrong_algorithm', 'bad_signature']) {
    it(`checks once more after ${reason}, where the keys are other ones`, () => {
      const keys = { refresh: sinon.stub().returns(true) };
      const check = failing(new InvalidTokenError(reason));
      expect(withFreshKeys(keys, check)).to.equal('ok');
      expect([check.callCount, keys.refresh.callCount]).to.deep.equal([2, 1]);
      // An application's ring may be a class.
      expect(keys.refresh.firstCall.thisValue).to.equal(keys);
    });

    it(`refuses after ${reason} where they are not`, () => {
      const refresh = sinon.stub().returns(false);
      const check = failing(new InvalidTokenError(reason));
      expect(refusalOf(() => withFreshKeys({ refresh }, check))).to.deep.equal({ code: 'invalid_token', reason });
      expect([check.callCount, refresh.callCount]).to.deep.equal([1, 1]);
    });
  }

  it('refuses where the other keys do not help, and looks no third time', () => {
    const refresh = sinon.stub().returns(true);
    const check = failing(new InvalidTokenError('unknown_key'), new InvalidTokenError('bad_signature'));
    expect(refusalOf(() => withFreshKeys({ refresh }, check)).reason).to.equal('bad_signature');
    expect([check.callCount, refresh.callCount]).to.deep.equal([2, 1]);
  });

  for (const [what, error] of [
    ['a refusal for another reason', new InvalidTokenError('issuer')],
    ['a refusal without a reason', new InvalidTokenError()],
    ['a token that has expired', new TokenExpiredError('unknown_key')],
    ['a token for another audience', new WrongAudienceError('bad_signature')],
    ['an error of any other kind', Object.assign(new Error('other'), { reason: 'unknown_key' })],
  ] as const) {
    it(`looks at nothing after ${what}`, () => {
      const refresh = sinon.stub().returns(true);
      expect(thrownBy(() => withFreshKeys({ refresh }, failing(error)))).to.equal(error);
      expect(refresh.callCount).to.equal(0);
    });
  }

  for (const answer of [undefined, 1, 'true', Promise.resolve(true)]) {
    it(`takes ${shown(answer)} for no`, () => {
      const check = failing(new InvalidTokenError('unknown_key'));
      const refresh = (): boolean => answer as unknown as boolean;
      expect(refusalOf(() => withFreshKeys({ refresh }, check)).reason).to.equal('unknown_key');
      expect(check.callCount).to.equal(1);
    });
  }

  it('refuses where the keys cannot be looked at', () => {
    for (const keys of [{}, { refresh: undefined }]) {
      const check = failing(new InvalidTokenError('unknown_key'));
      expect(refusalOf(() => withFreshKeys(keys, check)).reason).to.equal('unknown_key');
    }
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

  it('names a directory, and is followed', () => {
    const [a, b] = [newSecret(), newSecret()];
    const mount = mountSecret(directory.path, { current: a });
    const ring = keyRingFromEnv({ JWT_KEYS_FILE: mount.path }) as WatchedKeyRing;
    const verifier = createTokenVerifier({ keys: ring });
    verifier.verify(createServiceToken('orders-service', { keys: a }));
    mount.write({ current: b, previous: a });
    verifier.verify(createServiceToken('orders-service', { keys: b }));
    ring.close();
  });

  it('stands alone: variables that are wrong beside it do not count', () => {
    const JWT_KEYS_FILE = directory.write('keys.json', JSON.stringify({ current: newSecret(), algorithm: 'HS384' }));
    const ring = keyRingFromEnv({ JWT_KEYS_FILE, JWT_SECRET_KEY: 'x', JWT_ALGORITHM: 'none' }) as WatchedKeyRing;
    expect(ring.snapshot().current?.algorithm).to.equal('HS384');
    ring.close();
  });

  for (const [what, json, setting] of [
    ['no keys', {}, "'current' in JWT_KEYS_FILE"],
    ['a weak key', { current: 'short' }, "'current' in JWT_KEYS_FILE"],
    ['a weak previous key', { current: newSecret(), previous: ['short'] }, "'previous' in JWT_KEYS_FILE[0]"],
    ['an unknown algorithm', { current: newSecret(), algorithm: 'none' }, "'algorithm' in JWT_KEYS_FILE"],
  ] as const) {
    it(`is an error where it names a file with ${what}`, () => {
      const JWT_KEYS_FILE = directory.write('keys.json', JSON.stringify(json));
      expect(misconfiguredBy(() => keyRingFromEnv({ JWT_KEYS_FILE }))).to.equal(setting);
    });
  }

  it('is an error where it names nothing', () => {
    for (const JWT_KEYS_FILE of ['', directory.file('nowhere')]) {
      expect(misconfiguredBy(() => keyRingFromEnv({ JWT_KEYS_FILE }))).to.equal('JWT_KEYS_FILE');
    }
  });
});
