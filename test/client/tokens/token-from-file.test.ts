import fs, { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type SinonFakeTimers, spy, useFakeTimers } from 'sinon';
import { createTokenFile, tokenFromFile } from '../../../lib/client/tokens/token-from-file.js';
import { isTokenMissing } from '../../../lib/client/tokens/token-text.js';
import { ConfigurationError } from '../../../lib/shared/errors.js';
import { memoryLogger, show } from '../support.js';
import { refusalOf, tokenEndingIn, tokenOf } from './tokens.js';

describe('tokenFromFile', () => {
  const [first, second] = [tokenOf({ n: 1 }), tokenOf({ n: 2 })];
  let folder: string;
  let path: string;
  let clock: SinonFakeTimers;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'service-auth-'));
    path = join(folder, 'token');
    clock = useFakeTimers({ now: 1_800_000_000_000, toFake: ['Date', 'performance'] });
    // The monotonic clock of a process that runs.
    clock.tick(5000);
    clock.setSystemTime(1_800_000_000_000);
  });
  afterEach(() => {
    clock.restore();
    rmSync(folder, { recursive: true });
  });

  /** How often the file is read meanwhile. */
  function readsDuring(act: () => unknown): number {
    const reads = spy(fs, 'readFileSync');
    syncBuiltinESMExports();
    try {
      act();
      return reads.withArgs(path).callCount;
    } finally {
      reads.restore();
      syncBuiltinESMExports();
    }
  }

  it('reads a token and drops the white space around it', () => {
    writeFileSync(path, `\n  ${first} \r\n`);
    expect(tokenFromFile(path).get()).to.equal(first);
  });

  it('reads again after 60 s, not before', () => {
    writeFileSync(path, first);
    const source = tokenFromFile(path);
    expect(source.get()).to.equal(first);
    writeFileSync(path, second);
    clock.tick(59_999);
    expect(source.get()).to.equal(first);
    clock.tick(1);
    expect(source.get()).to.equal(second);
  });

  it('reads again at once what was answered with 401, and nothing for the sake of another token', () => {
    writeFileSync(path, first);
    const source = tokenFromFile(path);
    expect(source.get()).to.equal(first);
    writeFileSync(path, second);
    source.invalidate?.(tokenOf());
    expect(source.get()).to.equal(first);
    source.invalidate?.(first);
    expect(source.get()).to.equal(second);
  });

  it('reads once a second in a storm of 401s', () => {
    writeFileSync(path, first);
    const source = tokenFromFile(path);
    const storm = (): void => {
      for (let i = 0; i < 100; i++) {
        source.invalidate?.(first);
        expect(source.get()).to.equal(first);
      }
    };
    expect(readsDuring(() => source.get())).to.equal(1);
    expect(readsDuring(storm)).to.equal(1);
    clock.tick(999);
    expect(readsDuring(storm)).to.equal(0);
    writeFileSync(path, second);
    clock.tick(1);
    expect(source.get()).to.equal(second);
  });

  it('reads again at once also what the last early read gave', () => {
    const third = tokenOf();
    writeFileSync(path, first);
    const source = tokenFromFile(path);
    for (const [refused, next] of [
      [first, second],
      [second, third],
    ] as const) {
      expect(source.get()).to.equal(refused);
      writeFileSync(path, next);
      source.invalidate?.(refused);
      expect(source.get()).to.equal(next);
    }
  });

  it('does not read early where the token is what it should be', () => {
    writeFileSync(path, tokenEndingIn(60));
    const source = tokenFromFile(path);
    source.invalidate?.(first);
    void source.get();
    expect(readsDuring(() => source.get())).to.equal(0);
  });

  it('reads again, once a second, from 10 s before the token expires', () => {
    const ending = tokenEndingIn(30);
    writeFileSync(path, ending);
    const source = tokenFromFile(path);
    void source.get();
    clock.tick(19_999);
    expect(readsDuring(() => source.get())).to.equal(0);
    clock.tick(1);
    expect(
      readsDuring(() => {
        for (let i = 0; i < 100; i++) expect(source.get()).to.equal(ending);
      }),
    ).to.equal(1);
    writeFileSync(path, second);
    clock.tick(999);
    expect(source.get()).to.equal(ending);
    clock.tick(1);
    expect(source.get()).to.equal(second);
    clock.tick(1000);
    expect(readsDuring(() => source.get())).to.equal(0);
  });

  it('gives a token that has expired as it is: the file may be rotated any time', () => {
    const expired = tokenEndingIn(-1);
    writeFileSync(path, expired);
    const source = tokenFromFile(path);
    source.check?.();
    expect(source.get()).to.equal(expired);
  });

  it('reads again also when the wall clock is set back', () => {
    writeFileSync(path, first);
    const source = tokenFromFile(path);
    void source.get();
    writeFileSync(path, second);
    clock.tick(60_000);
    clock.setSystemTime(-3_600_000);
    expect(source.get()).to.equal(second);
  });

  it('follows the symlink swap of Kubernetes', () => {
    for (const [name, token] of [
      ['v1', first],
      ['v2', second],
    ] as const) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'token'), token);
    }
    symlinkSync('v1', join(folder, '..data'));
    symlinkSync(join('..data', 'token'), path);
    const source = tokenFromFile(path);
    expect(source.get()).to.equal(first);
    symlinkSync('v2', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    clock.tick(60_000);
    expect(source.get()).to.equal(second);
  });

  for (const setting of ['tokenFromFile', 'SERVICE_TOKEN_FILE']) {
    it(`is called ${setting} until the path has proved to be one`, () => {
      const source = createTokenFile(setting, path, memoryLogger());
      expect(source.name).to.equal(setting);
      expect(refusalOf(() => source.get())).to.include({ setting });
      expect(source.name).to.equal(setting);
      writeFileSync(path, first);
      void source.get();
      expect(source.name).to.equal(`tokenFromFile(${path})`);
    });
  }

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
    'of no JWT': () => {
      writeFileSync(path, 'secret-token');
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
        const error = refusalOf(act);
        expect(error.message).not.to.match(/secret/);
        expect(isTokenMissing(error)).to.equal(name === 'missing');
      }
    });

    it(`keeps the last good token and warns where the file is ${name} later`, () => {
      const logger = memoryLogger();
      writeFileSync(path, first);
      const source = tokenFromFile(path, { logger });
      void source.get();
      breakFile();
      clock.tick(60_000);
      expect(source.get()).to.equal(first);
      expect(source.get()).to.equal(first);
      expect(logger.lines).to.have.length(1);
      expect(logger.lines[0]).to.include({ level: 'warn' });
      expect(logger.lines[0]?.message).to.contain('could not be read again');
      expect((logger.lines[0]?.fields as { reason: string }).reason).to.match(/^tokenFromFile /);
      expect(show(logger.lines))
        .not.to.match(/secret/)
        .and.not.contain(first);
      rmSync(path, { recursive: true, force: true });
      writeFileSync(path, second);
      clock.tick(60_000);
      expect(source.get()).to.equal(second);
    });
  }

  it('warns once a minute of reads that fail more often', () => {
    const logger = memoryLogger();
    writeFileSync(path, first);
    const source = tokenFromFile(path, { logger });
    void source.get();
    rmSync(path);
    for (let i = 0; i < 60; i++) {
      clock.tick(1000);
      source.invalidate?.(first);
      expect(source.get()).to.equal(first);
    }
    expect(logger.lines).to.have.length(1);
    clock.tick(1000);
    source.invalidate?.(first);
    void source.get();
    expect(logger.lines).to.have.length(2);
  });

  it('keeps the last good token also where the logger fails', () => {
    const warn = (): never => {
      throw new Error('disk full');
    };
    writeFileSync(path, first);
    const source = tokenFromFile(path, { logger: { ...memoryLogger(), warn } });
    void source.get();
    rmSync(path);
    clock.tick(60_000);
    expect(source.get()).to.equal(first);
  });

  it('says why nothing can be read by a path that no file has', () => {
    const source = tokenFromFile(`${path}\u0000`);
    expect(refusalOf(() => source.get()).message).to.match(/cannot be read \(ERR_/);
  });

  for (const wrong of ['', undefined, 7, {}]) {
    it(`refuses ${show(wrong)} as a path`, () => {
      expect(() => tokenFromFile(wrong as string)).to.throw(ConfigurationError, 'path must be the path of a file');
    });
  }

  it('refuses options that it does not know', () => {
    expect(() => tokenFromFile(path, { loger: memoryLogger() } as object)).to.throw(
      ConfigurationError,
      "Did you mean 'logger'?",
    );
  });
});
