import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { tokenFromFile } from '../../lib/client/token-from-file.js';
import { ConfigurationError } from '../../lib/shared/errors.js';
import { memoryLogger, show } from './support.js';

describe('tokenFromFile', () => {
  let folder: string;
  let path: string;
  let clock: SinonFakeTimers;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'service-auth-'));
    path = join(folder, 'token');
    clock = useFakeTimers({ toFake: ['Date', 'performance'] });
  });
  afterEach(() => {
    clock.restore();
    rmSync(folder, { recursive: true });
  });

  it('reads a token and drops the white space around it', () => {
    writeFileSync(path, '\n  first \r\n');
    expect(tokenFromFile(path).get()).to.equal('first');
  });

  it('reads again after 60 s, not before', () => {
    writeFileSync(path, 'first');
    const source = tokenFromFile(path);
    expect(source.get()).to.equal('first');
    writeFileSync(path, 'second');
    clock.tick(59_999);
    expect(source.get()).to.equal('first');
    clock.tick(1);
    expect(source.get()).to.equal('second');
  });

  it('reads again at once what was answered with 401, and nothing for the sake of another token', () => {
    writeFileSync(path, 'first');
    const source = tokenFromFile(path);
    expect(source.get()).to.equal('first');
    writeFileSync(path, 'second');
    source.invalidate?.('another');
    expect(source.get()).to.equal('first');
    source.invalidate?.('first');
    expect(source.get()).to.equal('second');
  });

  it('reads again also when the wall clock is set back', () => {
    writeFileSync(path, 'first');
    const source = tokenFromFile(path);
    void source.get();
    writeFileSync(path, 'second');
    clock.tick(60_000);
    clock.setSystemTime(-3_600_000);
    expect(source.get()).to.equal('second');
  });

  it('follows the symlink swap of Kubernetes', () => {
    for (const name of ['v1', 'v2']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'token'), `of-${name}`);
    }
    symlinkSync('v1', join(folder, '..data'));
    symlinkSync(join('..data', 'token'), path);
    const source = tokenFromFile(path);
    expect(source.get()).to.equal('of-v1');
    symlinkSync('v2', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    clock.tick(60_000);
    expect(source.get()).to.equal('of-v2');
  });

  const broken: Readonly<Record<string, () => void>> = {
    missing: () => {
      rmSync(path, { force: true });
    },
    empty: () => {
      writeFileSync(path, ' \n');
    },
    'of two words': () => {
      writeFileSync(path, 'secret token');
    },
    'a folder': () => {
      rmSync(path, { force: true });
      mkdirSync(path);
    },
  };

  for (const [name, breakFile] of Object.entries(broken)) {
    it(`refuses a file that is ${name}, at once and without quoting it`, () => {
      breakFile();
      const source = tokenFromFile(path);
      for (const act of [() => source.get(), () => source.check?.()]) {
        expect(act)
          .to.throw(ConfigurationError)
          .with.property('message')
          .that.does.not.match(/secret/);
      }
    });

    it(`keeps the last good token and warns where the file is ${name} later`, () => {
      const logger = memoryLogger();
      writeFileSync(path, 'first');
      const source = tokenFromFile(path, { logger });
      void source.get();
      breakFile();
      clock.tick(60_000);
      expect(source.get()).to.equal('first');
      expect(source.get()).to.equal('first');
      expect(logger.lines).to.have.length(1);
      expect(logger.lines[0]).to.include({ level: 'warn' });
      expect(JSON.stringify(logger.lines)).not.to.match(/secret|first/);
      rmSync(path, { recursive: true, force: true });
      writeFileSync(path, 'second');
      clock.tick(60_000);
      expect(source.get()).to.equal('second');
    });
  }

  for (const wrong of ['', undefined, 7, {}]) {
    it(`refuses ${show(wrong)} as a path`, () => {
      expect(() => tokenFromFile(wrong as string)).to.throw(ConfigurationError, 'path');
    });
  }

  it('refuses options that it does not know', () => {
    expect(() => tokenFromFile(path, { loger: memoryLogger() } as object)).to.throw(
      ConfigurationError,
      "Did you mean 'logger'?",
    );
  });
});
