import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import express from 'express';
import sinon from 'sinon';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { requireService } from '../../lib/server/require-service.js';
import {
  assertionKeysFromFile,
  assertionKeysFromKeyFile,
  isAssertionKeyFile,
  type WatchedAssertionKeys,
} from '../../lib/shared/assertion-key-file.js';
import { type AssertionKeys, assertionKeysFromRing, deriveAssertionKey } from '../../lib/shared/assertion-keys.js';
import { type AssertionVerifier, createAssertionVerifier } from '../../lib/shared/gateway-assertion.js';
import { keyRingFromFile } from '../../lib/shared/key-ring-file.js';
import { createKeyRing, type KeyRing } from '../../lib/shared/key-ring.js';
import type { KeySnapshot } from '../../lib/shared/key-snapshot.js';
import { inEnvironment } from '../support/in-environment.js';
import { newEcPair, newSecret } from '../support/keys.js';
import { mountSecret } from '../support/mounted-secret.js';
import { assertionFor, assertionLine, HERE, serviceToken } from '../support/proofs.js';
import { type RecordingLogger, recordingLogger } from '../support/recording-logger.js';
import { expectNoPieceOf, misconfiguredBy, refusalOf, thrownBy } from '../support/refusals.js';
import { shown } from '../support/shown.js';
import { send } from '../support/wire.js';
import { type KeyDirectory, keyDirectory } from './key-files.js';

const derived = (secret: string): string => deriveAssertionKey(HERE, { keys: secret });
const assertionOf = (secret: string): string => assertionFor(serviceToken(secret), secret);
const verifierOf = (keys: AssertionKeys, cacheSize = 10): AssertionVerifier =>
  createAssertionVerifier({ keys, audience: HERE, clockToleranceSeconds: 5, revocations: undefined, cacheSize });

describe('assertionKeysFromFile', () => {
  const [a, b] = [newSecret(), newSecret()];
  let directory: KeyDirectory;
  let logger: RecordingLogger;
  let files: WatchedAssertionKeys[];

  beforeEach(() => {
    directory = keyDirectory();
    logger = recordingLogger();
    files = [];
  });
  afterEach(() => {
    for (const file of files) file.close();
    directory.remove();
  });

  const follow = (text: string): WatchedAssertionKeys => {
    const file = assertionKeysFromFile(directory.write('key', text), { logger });
    files.push(file);
    return file;
  };
  const service = (options: object) => {
    const app = express();
    app.use(contextFromGateway({ audience: HERE, logger, ...options }));
    app.get('/', requireService({ logger }), (_req, res) => {
      res.json({});
    });
    return app;
  };
  const statusOf = async (app: ReturnType<typeof service>, secret: string): Promise<number> => {
    const token = serviceToken(secret);
    return (await send(app, { lines: [assertionLine(assertionFor(token, secret))] })).status;
  };

  it('follows the file without a restart: the new key, both during a rotation, the old one no more', async () => {
    const app = service({ assertionKeys: follow(`${derived(a)}\n`) });
    expect([await statusOf(app, a), await statusOf(app, b)]).to.deep.equal([200, 401]);
    directory.replace('key', `${derived(b)}\n${derived(a)}\n`);
    // At once: its assertion names a key that is not known yet.
    expect([await statusOf(app, b), await statusOf(app, a)]).to.deep.equal([200, 200]);
    directory.replace('key', derived(b));
    expect(files[0]?.refresh()).to.equal(true);
    expect([await statusOf(app, b), await statusOf(app, a)]).to.deep.equal([200, 401]);
    expect(
      logger.lines.filter(({ message }) => message === 'Assertion keys changed').map(({ fields }) => fields?.['keys']),
    ).to.deep.equal([2, 1]);
  });

  it('is named by GATEWAY_ASSERTION_KEY_FILE, before GATEWAY_ASSERTION_KEY', async () => {
    const path = directory.write('key', derived(a));
    const app = inEnvironment({ GATEWAY_ASSERTION_KEY_FILE: path, GATEWAY_ASSERTION_KEY: derived(b) }, () =>
      service({}),
    );
    expect([await statusOf(app, a), await statusOf(app, b)]).to.deep.equal([200, 401]);
    for (const wrong of ['', directory.file('nowhere'), directory.write('broken', 'x')]) {
      const start = (): unknown => inEnvironment({ GATEWAY_ASSERTION_KEY_FILE: wrong }, () => service({}));
      expect(misconfiguredBy(start)).to.equal('GATEWAY_ASSERTION_KEY_FILE');
    }
  });

  it('follows the file that GATEWAY_ASSERTION_KEY_FILE names, as Kubernetes mounts it', async () => {
    const mount = mountSecret(directory.path, { key: `${derived(a)}\n` });
    const app = inEnvironment({ GATEWAY_ASSERTION_KEY_FILE: join(mount.path, 'key') }, () => service({}));
    expect([await statusOf(app, a), await statusOf(app, b)]).to.deep.equal([200, 401]);
    mount.write({ key: `${derived(b)}\n${derived(a)}\n` });
    expect([await statusOf(app, b), await statusOf(app, a)]).to.deep.equal([200, 200]);
    expect(logger.lines.filter(({ message }) => message === 'Assertion keys changed')).to.have.length(1);
  });

  it('stands in the option, before both variables', async () => {
    const assertionKeys = follow(derived(a));
    const variables = { GATEWAY_ASSERTION_KEY_FILE: directory.file('nowhere'), GATEWAY_ASSERTION_KEY: 'x' };
    const app = inEnvironment(variables, () => service({ assertionKeys }));
    expect([await statusOf(app, a), await statusOf(app, b)]).to.deep.equal([200, 401]);
  });

  it('has a file that is written anew in place read at once', async () => {
    const app = service({ assertionKeys: follow(derived(a)) });
    directory.write('key', `${derived(b)}\n${derived(a)}\n`);
    expect([await statusOf(app, b), await statusOf(app, a)]).to.deep.equal([200, 200]);
  });

  it('follows the gateway from a secret to a key pair', () => {
    const pair = newEcPair();
    const file = follow(derived(a));
    const keys = assertionKeysFromKeyFile('setting', file, () => []);
    const ring = createKeyRing({ current: pair.privatePem });
    const kid = ring.snapshot().current?.kid;
    expect(keys.snapshot().verificationKey(kid, HERE)).to.equal(undefined);
    directory.replace('key', `${pair.publicPem}\n${derived(a)}\n`);
    expect(keys.refresh?.()).to.equal(true);
    expect(keys.snapshot().verificationKey(kid, HERE)).to.include({ kid, algorithm: 'ES256' });
    verifierOf(keys).check(assertionOf(a));
  });

  it('takes commas between keys, as the variable does, and public keys of a gateway', () => {
    const [pem, other] = [newEcPair().publicPem, newEcPair().publicPem];
    for (const text of [
      `${derived(a)},${derived(b)}`,
      `${derived(a)}\r\n\r\n${derived(b)}`,
      `${pem}${other}`,
      `\n${pem}`,
      `${derived(a)}\n${pem}${derived(b)}`,
    ]) {
      contextFromGateway({ audience: HERE, logger, assertionKeys: follow(text) });
    }
  });

  const BROKEN = (): readonly (readonly [what: string, text: string])[] => [
    ['empty', ''],
    ['half a key', derived(b).slice(0, 20)],
    ['a secret', newSecret()],
    ['a private key', newEcPair().privatePem],
    ['half a PEM', newEcPair().publicPem.slice(0, 80)],
    ['a good key and a bad one', `${derived(b)}\nx`],
    [
      'a key cut in two by a public key',
      `${derived(b).slice(0, 20)}${newEcPair().publicPem.trim()}${derived(b).slice(20)}`,
    ],
    ['a public key and something else', `REPLACE-ME ${newEcPair().publicPem}`],
  ];
  for (const [what, text] of BROKEN()) {
    it(`keeps the keys in force, and says so, where the file becomes ${what}`, () => {
      const clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
      try {
        const file = follow(derived(a));
        directory.replace('key', text);
        clock.tick(3000);
        expect(logger.lines.map(({ level }) => level)).to.deep.equal(['error']);
        if (text.length > 40) expectNoPieceOf(text.trim(), inspect(logger.lines, { depth: 10 }));
        directory.replace('key', derived(b));
        clock.tick(1000);
        expect(logger.lines.map(({ level }) => level)).to.deep.equal(['error', 'info', 'info']);
        file.close();
      } finally {
        clock.restore();
      }
    });

    it(`refuses a file that is ${what}`, () => {
      const error = thrownBy(() => follow(text));
      expect(misconfiguredBy(() => follow(text))).to.equal('assertionKeysFromFile');
      if (text.length > 40) expectNoPieceOf(text.trim(), String(error));
      follow(derived(a));
    });
  }

  const BROKEN_FILES: readonly (readonly [what: string, broke: (path: string) => void])[] = [
    ['no text in UTF-8', () => directory.write('key', Buffer.from([0xff, 0xfe, 0x61]))],
    ['too large', () => directory.write('key', derived(b).padEnd(64 * 1024 + 1))],
    [
      'a pipe',
      (path) => {
        rmSync(path, { force: true });
        execFileSync('mkfifo', [path]);
      },
    ],
    [
      'a directory',
      (path) => {
        rmSync(path, { force: true });
        mkdirSync(path);
      },
    ],
    [
      'gone',
      (path) => {
        rmSync(path, { force: true });
      },
    ],
  ];
  for (const [what, broke] of BROKEN_FILES) {
    it(`keeps the keys in force, says so once a minute, and when it is over, where the file is ${what}`, () => {
      const clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
      try {
        const path = directory.file('key');
        const file = follow(derived(a));
        const keys = assertionKeysFromKeyFile('setting', file, () => []);
        const before = keys.snapshot();
        broke(path);
        clock.tick(61_000);
        expect(logger.lines.map(({ level }) => level)).to.deep.equal(['error']);
        clock.tick(1000);
        expect(logger.lines.map(({ level }) => level)).to.deep.equal(['error', 'error']);
        expect(keys.snapshot()).to.equal(before);
        for (const { message, fields } of logger.lines) {
          expect(message).not.to.equal('');
          expect(fields).to.include({ path });
          expect(fields?.['reason']).to.be.a('string').and.not.to.equal('');
        }
        rmSync(path, { force: true, recursive: true });
        directory.write('key', derived(a));
        clock.tick(1000);
        expect(logger.lines.map(({ level }) => level)).to.deep.equal(['error', 'error', 'info']);
        expect(logger.lines[2]?.fields).to.deep.equal({ path });
        expect(logger.lines[2]?.message).not.to.equal('');
        expect(keys.snapshot()).to.equal(before);
        file.close();
      } finally {
        clock.restore();
      }
    });

    it(`refuses a file that is ${what}, at first`, () => {
      broke(directory.file('key'));
      const act = (): unknown => assertionKeysFromFile(directory.file('key'), { logger });
      expect(misconfiguredBy(act)).to.equal('assertionKeysFromFile');
      rmSync(directory.file('key'), { force: true, recursive: true });
      // As much as it may.
      follow(derived(b).padEnd(64 * 1024));
    });
  }

  it('is not disturbed by a logger that fails', () => {
    const clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    try {
      const failing = (): never => {
        throw new Error('no log');
      };
      const path = directory.write('key', derived(a));
      const file = assertionKeysFromFile(path, {
        logger: { debug: failing, info: failing, warn: failing, error: failing },
      });
      const keys = assertionKeysFromKeyFile('setting', file, () => []);
      directory.write('key', derived(b));
      clock.tick(1000);
      verifierOf(keys).check(assertionOf(b));
      directory.write('key', '');
      clock.tick(3000);
      verifierOf(keys).check(assertionOf(b));
      directory.write('key', derived(a));
      clock.tick(1000);
      verifierOf(keys).check(assertionOf(a));
      file.close();
    } finally {
      clock.restore();
    }
  });

  it('follows no longer once it is closed', () => {
    const clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    try {
      const file = follow(derived(a));
      const keys = assertionKeysFromKeyFile('setting', file, () => []);
      const before = keys.snapshot();
      file.close();
      directory.write('key', derived(b));
      clock.tick(5000);
      expect(keys.snapshot()).to.equal(before);
    } finally {
      clock.restore();
    }
  });

  it('follows no longer once it is closed, whatever assertions come', () => {
    const file = follow(derived(a));
    const verifier = verifierOf(assertionKeysFromKeyFile('setting', file, () => []));
    file.close();
    directory.write('key', derived(b));
    expect(refusalOf(() => verifier.check(assertionOf(b))).reason).to.equal('unknown_key');
    verifier.check(assertionOf(a));
  });

  it('is put right at once where it was read between the writing of two lines', () => {
    const file = follow(`${derived(a)}\n`);
    const verifier = verifierOf(assertionKeysFromKeyFile('setting', file, () => []));
    const ofA = assertionOf(a);
    verifier.check(ofA);
    directory.write('key', `${derived(b)}\n`);
    verifier.check(assertionOf(b));
    expect(refusalOf(() => verifier.check(ofA)).reason).to.equal('unknown_key');
    directory.write('key', `${derived(b)}\n${derived(a)}\n`);
    verifier.check(ofA);
  });

  // K4
  it('refuses a key of tokens, at once and when it comes later', async () => {
    const bytes = Buffer.from(derived(a), 'base64url');
    const keys = createKeyRing({ current: newSecret(), previous: bytes });
    expect(misconfiguredBy(() => service({ keys, assertionKeys: follow(derived(a)) }))).to.equal('assertionKeys');
    const file = follow(derived(b));
    const app = service({ keys, assertionKeys: file });
    expect(await statusOf(app, b)).to.equal(200);
    directory.replace('key', derived(a));
    file.refresh();
    // The keys in force stay, and it is reported.
    expect([await statusOf(app, b), await statusOf(app, a)]).to.deep.equal([200, 401]);
    expect(logger.lines.filter(({ level }) => level === 'error')).to.have.length(1);
  });

  it('shows no key', () => {
    const file = follow(derived(a));
    for (const text of [inspect(file, { depth: 10, showHidden: true }), JSON.stringify(file)])
      expectNoPieceOf(derived(a), text);
  });

  for (const path of ['', undefined, null, 5]) {
    it(`refuses the path ${shown(path)}`, () => {
      expect(misconfiguredBy(() => assertionKeysFromFile(path as never))).to.equal('path');
    });
  }

  it('refuses an option that is misspelt, and a file that is not there', () => {
    expect(misconfiguredBy(() => assertionKeysFromFile('x', { log: 5 } as never))).to.equal("'log'");
    expect(misconfiguredBy(() => assertionKeysFromFile(directory.file('nowhere')))).to.equal('assertionKeysFromFile');
  });
});

describe('assertionKeysFromKeyFile', () => {
  const [a, b] = [newSecret(), newSecret()];
  let directory: KeyDirectory;
  let file: WatchedAssertionKeys;
  beforeEach(() => {
    directory = keyDirectory();
    file = assertionKeysFromFile(directory.write('key', derived(a)), { logger: recordingLogger() });
  });
  afterEach(() => {
    file.close();
    directory.remove();
  });

  it('gives one object as long as the keys are the same, and another one after each change', () => {
    const keys = assertionKeysFromKeyFile('setting', file, () => []);
    const before = keys.snapshot();
    directory.replace('key', `${derived(a)}\n\n`);
    expect(keys.refresh?.()).to.equal(false);
    expect(keys.snapshot()).to.equal(before);
    directory.replace('key', `${derived(b)}\n`);
    expect(keys.refresh?.()).to.equal(true);
    expect(keys.snapshot()).not.to.equal(before);
    expect(keys.snapshot()).to.equal(keys.snapshot());
  });

  it('signs nothing', () => {
    expect(
      assertionKeysFromKeyFile('setting', file, () => [])
        .snapshot()
        .signingKey(HERE),
    ).to.equal(undefined);
  });

  for (const cacheSize of [0, 10]) {
    it(`accepts the assertion of a key that was written a moment ago, and none of a dropped key (cache: ${cacheSize})`, () => {
      const verifier = verifierOf(
        assertionKeysFromKeyFile('setting', file, () => []),
        cacheSize,
      );
      const [ofA, ofB] = [assertionOf(a), assertionOf(b)];
      verifier.check(ofA);
      verifier.check(ofA);
      expect(refusalOf(() => verifier.check(ofB)).reason).to.equal('unknown_key');
      directory.replace('key', `${derived(b)}\n${derived(a)}`);
      verifier.check(ofB);
      verifier.check(ofA);
      directory.replace('key', derived(b));
      expect(file.refresh()).to.equal(true);
      expect(refusalOf(() => verifier.check(ofA)).reason).to.equal('unknown_key');
      verifier.check(ofB);
    });
  }

  it('asks for the keys of tokens again for each change of the file, and keeps to the last that are none', () => {
    let ofTokens = createKeyRing({ current: b });
    const keys = assertionKeysFromKeyFile('setting', file, () => ofTokens.snapshot().keys);
    ofTokens = createKeyRing({ current: Buffer.from(derived(b), 'base64url') });
    directory.replace('key', derived(b));
    file.refresh();
    for (let i = 0; i < 2; i++) verifierOf(keys).check(assertionOf(a));
    directory.replace('key', derived(a));
    file.refresh();
    verifierOf(keys).check(assertionOf(a));
  });

  it('throws also where a key of the file becomes a key of tokens', () => {
    let ofTokens = createKeyRing({ current: b });
    const keys = assertionKeysFromKeyFile('setting', file, () => ofTokens.snapshot().keys);
    keys.snapshot();
    ofTokens = createKeyRing({ current: b, previous: derived(a) });
    expect(misconfiguredBy(() => keys.snapshot())).to.equal('setting');
    ofTokens = createKeyRing({ current: b });
    keys.snapshot();
  });
});

describe('isAssertionKeyFile', () => {
  it('knows what assertionKeysFromFile made, also by another copy of this package', () => {
    const directory = keyDirectory();
    const file = assertionKeysFromFile(directory.write('key', derived(newSecret())), { logger: recordingLogger() });
    file.close();
    directory.remove();
    expect(isAssertionKeyFile(file)).to.equal(true);
    expect(isAssertionKeyFile({ [Symbol.for('service-auth.assertion-key-inputs')]: () => [] })).to.equal(true);
    const { refresh, close } = file;
    for (const other of [
      undefined,
      null,
      'text',
      5,
      {},
      [],
      { refresh, close },
      createKeyRing({ current: newSecret() }),
    ]) {
      expect(isAssertionKeyFile(other), shown(other)).to.equal(false);
    }
  });
});

describe('assertionKeysFromRing, refresh', () => {
  const [a, b] = [newSecret(), newSecret()];

  it('accepts the assertion of a key that the ring was given a moment ago, and none of a dropped key', () => {
    const directory = keyDirectory();
    const path = directory.write('keys.json', JSON.stringify({ current: a }));
    const ring = keyRingFromFile(path, { logger: recordingLogger() });
    const verifier = verifierOf(assertionKeysFromRing(ring, false));
    const [ofA, ofB] = [assertionOf(a), assertionOf(b)];
    verifier.check(ofA);
    expect(refusalOf(() => verifier.check(ofB)).reason).to.equal('unknown_key');
    directory.replace('keys.json', JSON.stringify({ current: b, previous: [a] }));
    verifier.check(ofB);
    verifier.check(ofA);
    directory.replace('keys.json', JSON.stringify({ current: b }));
    expect(ring.refresh()).to.equal(true);
    expect(refusalOf(() => verifier.check(ofA)).reason).to.equal('unknown_key');
    verifier.check(ofB);
    ring.close();
    directory.remove();
  });

  it('refuses an unknown key of a ring that cannot be refreshed', () => {
    const verifier = verifierOf(assertionKeysFromRing(createKeyRing({ current: a }), false));
    expect(refusalOf(() => verifier.check(assertionOf(b))).reason).to.equal('unknown_key');
    verifier.check(assertionOf(a));
  });

  it("refreshes an application's own ring that is a class", () => {
    class OwnRing implements KeyRing {
      private ring = createKeyRing({ current: a });
      readonly kept = [a];
      snapshot(): KeySnapshot {
        return this.ring.snapshot();
      }
      refresh(): boolean {
        if (this.kept.length > 1) return false;
        this.kept.push(b);
        this.ring = createKeyRing({ current: b, previous: a });
        return true;
      }
    }
    const verifier = verifierOf(assertionKeysFromRing(new OwnRing(), false));
    verifier.check(assertionOf(b));
    verifier.check(assertionOf(a));
    expect(refusalOf(() => verifier.check(assertionOf(newSecret()))).reason).to.equal('unknown_key');
  });
});
