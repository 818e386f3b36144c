import { execFileSync } from 'node:child_process';
import fs, { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import sinon from 'sinon';
import { parseKeySource, readKeySource, stampOfKeySource } from '../../lib/shared/key-file.js';
import { newSecret } from '../support/keys.js';
import { expectNoPieceOf, misconfiguredBy, thrownBy } from '../support/refusals.js';
import { shown } from '../support/shown.js';
import { mountSecret } from '../support/mounted-secret.js';
import { type KeyDirectory, keyDirectory } from './key-files.js';

describe('readKeySource', () => {
  let directory: KeyDirectory;
  beforeEach(() => {
    directory = keyDirectory();
  });
  afterEach(() => {
    directory.remove();
  });

  const read = (path = directory.path): unknown => parseKeySource('setting', readKeySource('setting', path).text);

  it('reads a JSON file, which is whole', () => {
    const path = directory.write('keys.json', '\uFEFF{ "current": "a", "previous": ["b"], "algorithm": "HS384" }\r\n');
    expect(readKeySource('setting', path).isWhole).to.equal(true);
    expect(read(path)).to.deep.equal({ current: 'a', previous: ['b'], algorithm: 'HS384' });
  });

  it('reads a directory with a file for each key, in the order of their names', () => {
    for (const [name, text] of [
      ['current', 'a\n'],
      ['previous-2', 'c'],
      ['previous', ' b\r\n'],
      ['previous.pem', 'd'],
      ['algorithm', 'HS512\n'],
      ['.hidden', 'x'],
    ] as const)
      directory.write(name, text);
    expect(read()).to.deep.equal({ current: 'a', previous: ['b', 'c', 'd'], algorithm: 'HS512' });
    // Somebody may be writing it.
    expect(readKeySource('setting', directory.path).isWhole).to.equal(false);
  });

  it('reads what Kubernetes mounts, which is whole', () => {
    const mount = mountSecret(directory.path, { current: 'a', previous: 'b' });
    expect(readKeySource('setting', mount.path).isWhole).to.equal(true);
    expect(read(mount.path)).to.deep.equal({ current: 'a', previous: ['b'], algorithm: undefined });
    mount.write({ current: 'c' });
    expect(read(mount.path)).to.deep.equal({ current: 'c', previous: [], algorithm: undefined });
  });

  for (const extension of ['pem', 'key', 'txt']) {
    it(`takes current.${extension}`, () => {
      directory.write(`current.${extension}`, 'a');
      expect(read()).to.include({ current: 'a' });
    });
  }

  for (const name of [
    'prevoius',
    'current~',
    'current.bak',
    'Current',
    'jwt',
    'current.json',
    'algorithm.txt',
    'my-current',
    'my-previous',
    'previous.pem.bak',
    'previous 2',
  ]) {
    it(`refuses a directory with a file ${name}, whose key would silently be absent`, () => {
      directory.write('previous', 'a');
      read();
      const secret = newSecret();
      directory.write(name, secret);
      expect(misconfiguredBy(() => read())).to.equal('setting');
      expectNoPieceOf(secret, String(thrownBy(() => read())));
    });
  }

  it('refuses two current keys, a directory among the keys, and too many of them', () => {
    directory.write('current', 'a');
    directory.write('current.pem', 'b');
    expect(misconfiguredBy(() => read())).to.equal('setting');
    const other = keyDirectory();
    mkdirSync(other.file('previous'));
    expect(misconfiguredBy(() => read(other.path))).to.equal('previous in setting');
    other.remove();
    for (let i = 0; i < 100; i++) directory.write(`previous-${i}`, 'a');
    expect(misconfiguredBy(() => read())).to.equal('setting');
  });

  it('takes a hundred files, and refuses one more', () => {
    for (let i = 0; i < 100; i++) directory.write(`previous-${i}`, `${i}`);
    directory.write('.swap', 'x');
    expect((read() as { previous: unknown[] }).previous).to.have.length(100);
    directory.write('current', 'a');
    expect(misconfiguredBy(() => read())).to.equal('setting');
  });

  it('takes a mebibyte, and refuses one byte more', () => {
    const json = '{"current":"a"}';
    expect(read(directory.write('keys.json', json.padEnd(1024 * 1024)))).to.include({ current: 'a' });
    expect(misconfiguredBy(() => read(directory.write('keys.json', json.padEnd(1024 * 1024 + 1))))).to.equal('setting');
    const other = keyDirectory();
    other.write('current', 'a'.padEnd(1024 * 1024 + 1));
    expect(misconfiguredBy(() => read(other.path))).to.equal('current in setting');
    other.write('current', 'a'.padEnd(1024 * 1024));
    expect(read(other.path)).to.include({ current: 'a' });
    other.remove();
  });

  it('refuses a pipe, at once, in place of the file and among the keys', () => {
    execFileSync('mkfifo', [directory.file('current')]);
    expect(misconfiguredBy(() => read(directory.file('current')))).to.equal('setting');
    expect(misconfiguredBy(() => read())).to.equal('current in setting');
  });

  it('refuses a file that is no text in UTF-8, and names it', () => {
    directory.write('current', 'a');
    directory.write('previous-1', Buffer.from([0xff, 0xfe]));
    expect(misconfiguredBy(() => read())).to.equal('previous-1 in setting');
    expect(misconfiguredBy(() => read(directory.file('previous-1')))).to.equal('setting');
    directory.write('previous-1', '\uFEFFb\r\n');
    expect(read())
      .to.include({ current: 'a' })
      .and.to.deep.include({ previous: ['b'] });
  });

  it('reads a directory without files as no keys, and an empty file as an empty key', () => {
    expect(read()).to.deep.equal({ current: undefined, previous: [], algorithm: undefined });
    directory.write('current', '\n');
    expect(read()).to.include({ current: '' });
  });

  it('is the same text as long as the files are the same, in whatever order the system lists them', () => {
    for (const name of ['current', 'previous-1', 'previous-2', 'previous-3']) directory.write(name, name);
    const texts = [
      ['previous-2', 'current', 'previous-3', 'previous-1'],
      ['previous-1', 'previous-3', 'previous-2', 'current'],
    ].map((names) => {
      const stub = sinon.stub(fs, 'readdirSync').returns(names as never);
      syncBuiltinESMExports();
      try {
        return readKeySource('setting', directory.path).text;
      } finally {
        stub.restore();
        syncBuiltinESMExports();
      }
    });
    expect(new Set([...texts, readKeySource('setting', directory.path).text]).size).to.equal(1);
  });

  it('refuses what is not there', () => {
    expect(misconfiguredBy(() => read(directory.file('nowhere')))).to.equal('setting');
  });
});

describe('readKeySource, while Kubernetes changes a mount', () => {
  let directory: KeyDirectory;
  beforeEach(() => {
    directory = keyDirectory();
  });
  afterEach(() => {
    directory.remove();
  });

  /** Does something once the names of a directory have been listed, before the files are read. */
  const afterListing = <T>(act: () => void, work: () => T): T => {
    const list = fs.readdirSync;
    const stub = sinon.stub(fs, 'readdirSync').callsFake(((path: string) => {
      const names = list(path);
      stub.restore();
      syncBuiltinESMExports();
      act();
      return names;
    }) as unknown as typeof fs.readdirSync);
    syncBuiltinESMExports();
    try {
      return work();
    } finally {
      stub.restore();
      syncBuiltinESMExports();
    }
  };

  it('reads the files of one version, and says that there may be another one', () => {
    const mount = mountSecret(directory.path, { current: 'a', previous: 'b' });
    const next = join(mount.path, '..next');
    mkdirSync(next);
    fs.writeFileSync(join(next, 'current'), 'c');
    const reading = afterListing(
      () => {
        symlinkSync('..next', join(mount.path, '..data_tmp'));
        renameSync(join(mount.path, '..data_tmp'), join(mount.path, '..data'));
      },
      () => readKeySource('setting', mount.path),
    );
    expect(reading.isWhole).to.equal(false);
    expect(parseKeySource('setting', reading.text)).to.deep.include({ current: 'a', previous: ['b'] });
    const after = readKeySource('setting', mount.path);
    expect(after.isWhole).to.equal(true);
    expect(parseKeySource('setting', after.text)).to.deep.include({ current: 'c', previous: [] });
  });

  it('is an error where the version goes away under it, and none at the next look', () => {
    const mount = mountSecret(directory.path, { current: 'a' });
    const act = (): unknown =>
      afterListing(
        () => {
          mount.write({ current: 'b' });
        },
        () => readKeySource('setting', mount.path),
      );
    expect(misconfiguredBy(act)).to.equal('current in setting');
    expect(parseKeySource('setting', readKeySource('setting', mount.path).text)).to.include({ current: 'b' });
  });

  it('reads a directory whose ..data leads nowhere as a plain one', () => {
    directory.write('current', 'a');
    symlinkSync('..gone', directory.file('..data'));
    expect(readKeySource('setting', directory.path).isWhole).to.equal(false);
    expect(stampOfKeySource(directory.path)).to.equal(undefined);
  });
});

describe('parseKeySource', () => {
  for (const [text, setting] of [
    ['', 'setting'],
    ['{', 'setting'],
    ['null', 'setting'],
    ['[]', 'setting'],
    ['"a"', 'setting'],
    ['5', 'setting'],
    ['{}{}', 'setting'],
    ['{ "curent": "a" }', "'curent'"],
    ['{ "keys": [] }', "'keys'"],
    ['{ "__proto__": { "current": "a" } }', "'__proto__'"],
  ] as const) {
    it(`refuses ${shown(text)}`, () => {
      expect(misconfiguredBy(() => parseKeySource('setting', text))).to.equal(setting);
      parseKeySource('setting', '{ "version": 1, "current": "a" }');
    });
  }

  it('refuses a version that it does not know', () => {
    for (const version of [0, 2, '1', null]) {
      expect(misconfiguredBy(() => parseKeySource('setting', JSON.stringify({ version, current: 'a' })))).to.equal(
        'setting',
      );
    }
    expect(parseKeySource('setting', '{ "version": 1, "current": "a" }')).to.include({ current: 'a' });
  });

  it('quotes no key that stands where a name belongs', () => {
    const secret = newSecret();
    const error = thrownBy(() => parseKeySource('setting', secret)) as Error;
    expectNoPieceOf(secret, error.message);
  });
});

describe('stampOfKeySource, where there is nothing', () => {
  it('is none', () => {
    expect(stampOfKeySource('/nowhere/at/all')).to.equal(undefined);
  });
});

describe('stampOfKeySource', () => {
  it('tells changes of a file and of a mount, and none of a plain directory', () => {
    const directory = keyDirectory();
    expect(stampOfKeySource(directory.path)).to.equal(undefined);
    const path = directory.write('keys.json', '{}');
    const first = stampOfKeySource(path);
    directory.replace('keys.json', '{}');
    expect(stampOfKeySource(path)).not.to.equal(first);
    const mount = mountSecret(directory.path, { current: 'a' });
    const before = stampOfKeySource(mount.path);
    mount.write({ current: 'a' });
    expect(stampOfKeySource(mount.path)).to.be.a('string').and.not.to.equal(before);
    directory.remove();
  });
});
