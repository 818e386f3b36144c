import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigurationError } from '../../lib/shared/errors.js';
import { parseJson, readTextFile, stampOfFile, whileReading } from '../../lib/shared/read-file.js';
import { newSecret } from '../support/keys.js';
import { expectNoPieceOf, misconfiguredBy, thrownBy } from '../support/refusals.js';

describe('readTextFile', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'service-auth-read-'));
    path = join(directory, 'file');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const read = (text: string | Buffer): string => {
    writeFileSync(path, text);
    return readTextFile('setting', path, 100);
  };

  it('takes a byte order mark and the white space around a text away', () => {
    for (const text of ['a b', 'a b\n', 'a b\r\n', '\uFEFFa b', ' \t a b\n\n']) expect(read(text)).to.equal('a b');
    expect(read('')).to.equal('');
  });

  it('reads as much as it may, and no more', () => {
    expect(read('a'.repeat(100))).to.have.length(100);
    expect(misconfiguredBy(() => read('a'.repeat(101)))).to.equal('setting');
    // A file without a size.
    expect(misconfiguredBy(() => readTextFile('setting', '/proc/self/smaps', 100))).to.equal('setting');
  });

  it('refuses what is no text in UTF-8', () => {
    for (const bytes of [
      [0xff, 0xfe, 0x61, 0x00],
      [0xc3, 0x28],
    ]) {
      expect(misconfiguredBy(() => read(Buffer.from(bytes)))).to.equal('setting');
    }
    expect(read(Buffer.from('ä'))).to.equal('ä');
  });

  it('reads what a link leads to', () => {
    writeFileSync(join(directory, 'target'), 'a\n');
    symlinkSync('target', path);
    expect(readTextFile('setting', path, 100)).to.equal('a');
    rmSync(join(directory, 'target'));
    expect(misconfiguredBy(() => readTextFile('setting', path, 100))).to.equal('setting');
  });

  it('counts bytes, not characters', () => {
    expect(read('ä'.repeat(50))).to.have.length(50);
    expect(misconfiguredBy(() => read('ä'.repeat(51)))).to.equal('setting');
  });

  it('refuses what is no file, at once', () => {
    expect(misconfiguredBy(() => readTextFile('setting', directory, 100))).to.equal('setting');
    execFileSync('mkfifo', [path]);
    expect(misconfiguredBy(() => readTextFile('setting', path, 100))).to.equal('setting');
  });

  it('says why a file cannot be read, and never its path, which may be a secret in the wrong place', function () {
    const secret = newSecret();
    const reasons: readonly (readonly [string, RegExp])[] = [
      [join(directory, secret), /does not exist \(ENOENT\)/],
      [join(path, secret), /does not exist \(ENOTDIR\)/],
      [secret.repeat(100), /cannot be read \(ENAMETOOLONG\)/],
    ];
    writeFileSync(path, '');
    for (const [where, reason] of reasons) {
      const error = thrownBy(() => readTextFile('setting', where, 100)) as Error;
      expect(error.message).to.match(reason);
      expectNoPieceOf(secret, error.message);
    }
    chmodSync(path, 0);
    if (process.getuid?.() === 0) return;
    expect((thrownBy(() => readTextFile('setting', path, 100)) as Error).message).to.match(/may not read \(EACCES\)/);
  });
});

describe('whileReading', () => {
  it('lets through what is no error of the system', () => {
    const error = new Error('other');
    expect(
      thrownBy(() =>
        whileReading('setting', () => {
          throw error;
        }),
      ),
    ).to.equal(error);
    expect(whileReading('setting', () => 5)).to.equal(5);
  });

  it('lets through what says already what is wrong', () => {
    const error = new ConfigurationError('other', 'is wrong.');
    expect(
      thrownBy(() =>
        whileReading('setting', () => {
          throw error;
        }),
      ),
    ).to.equal(error);
  });

  // Root may read everything: what others meet is made up.
  for (const code of ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP', 'EIO', 'EMFILE']) {
    it(`names the setting and the code of ${code}, and leaves out the message, which quotes the path`, () => {
      const secret = newSecret();
      const error = thrownBy(() =>
        whileReading('setting', () => {
          throw Object.assign(new Error(`${code}: no, open '/${secret}'`), { code, path: `/${secret}` });
        }),
      );
      expect(error).to.be.an.instanceOf(ConfigurationError);
      const { setting, message, cause, stack } = error as ConfigurationError;
      expect([setting, cause]).to.deep.equal(['setting', undefined]);
      expect(message).to.include(`(${code})`);
      expectNoPieceOf(secret, `${message} ${stack ?? ''}`);
    });
  }
});

describe('parseJson', () => {
  it('reads JSON, and quotes nothing of what is none', () => {
    expect(parseJson('setting', '{"a":1}')).to.deep.equal({ a: 1 });
    const secret = newSecret();
    for (const text of ['', '{', secret, `{"a":"${secret}`]) {
      const error = thrownBy(() => parseJson('setting', text)) as Error & { setting?: string };
      expect(error.setting).to.equal('setting');
      expect(error.cause).to.equal(undefined);
      expectNoPieceOf(secret, error.message);
    }
  });
});

describe('stampOfFile', () => {
  it('is another one after each change, and none where there is no file', () => {
    const directory = mkdtempSync(join(tmpdir(), 'service-auth-stamp-'));
    const path = join(directory, 'file');
    expect(stampOfFile(path)).to.equal(undefined);
    expect(stampOfFile(directory)).to.equal(undefined);
    writeFileSync(path, 'a');
    const first = stampOfFile(path);
    expect(first).to.be.a('string').and.to.equal(stampOfFile(path));
    writeFileSync(path, 'ab');
    expect(stampOfFile(path)).not.to.equal(first);
    rmSync(directory, { recursive: true });
  });

  it('is another one after a rename, and after a link leads elsewhere, also where the size is the same', () => {
    const directory = mkdtempSync(join(tmpdir(), 'service-auth-stamp-'));
    const file = (name: string): string => join(directory, name);
    for (const name of ['a', 'b', 'c']) writeFileSync(file(name), name);
    symlinkSync('a', file('link'));
    const [ofA, ofC, ofLink] = [stampOfFile(file('a')), stampOfFile(file('c')), stampOfFile(file('link'))];
    expect(ofLink).to.equal(ofA);
    renameSync(file('c'), file('a'));
    expect(stampOfFile(file('a'))).not.to.be.oneOf([ofA, undefined]);
    expect(ofC).not.to.equal(ofA);
    symlinkSync('b', file('link.new'));
    renameSync(file('link.new'), file('link'));
    expect(stampOfFile(file('link'))).to.equal(stampOfFile(file('b')));
    rmSync(file('b'));
    expect(stampOfFile(file('link'))).to.equal(undefined);
    rmSync(directory, { recursive: true });
  });

  it('is none of a pipe', () => {
    const directory = mkdtempSync(join(tmpdir(), 'service-auth-stamp-'));
    execFileSync('mkfifo', [join(directory, 'pipe')]);
    expect(stampOfFile(join(directory, 'pipe'))).to.equal(undefined);
    rmSync(directory, { recursive: true });
  });
});
