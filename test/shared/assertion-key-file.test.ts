import { inspect } from 'node:util';
import { expect } from 'chai';
import express from 'express';
import sinon from 'sinon';
import { contextFromGateway } from '../../lib/server/context-from-gateway.js';
import { requireService } from '../../lib/server/require-service.js';
import { assertionKeysFromFile, type WatchedAssertionKeys } from '../../lib/shared/assertion-key-file.js';
import { deriveAssertionKey } from '../../lib/shared/assertion-keys.js';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { inEnvironment } from '../support/in-environment.js';
import { newEcPair, newSecret } from '../support/keys.js';
import { assertionFor, assertionLine, HERE, serviceToken } from '../support/proofs.js';
import { type RecordingLogger, recordingLogger } from '../support/recording-logger.js';
import { expectNoPieceOf, misconfiguredBy, thrownBy } from '../support/refusals.js';
import { shown } from '../support/shown.js';
import { send } from '../support/wire.js';
import { type KeyDirectory, keyDirectory } from './key-files.js';

describe('assertionKeysFromFile', () => {
  const [a, b] = [newSecret(), newSecret()];
  const derived = (secret: string): string => deriveAssertionKey(HERE, { keys: secret });
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
    // Nobody is let in: the application's error handler has it.
    expect([await statusOf(app, b), await statusOf(app, a)]).to.deep.equal([500, 500]);
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
