import { mkdirSync } from 'node:fs';
import { expect } from 'chai';
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

  for (const name of ['prevoius', 'current~', 'current.bak', 'Current', 'jwt', 'current.json', 'algorithm.txt']) {
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

  it('refuses what is not there', () => {
    expect(misconfiguredBy(() => read(directory.file('nowhere')))).to.equal('setting');
  });
});

describe('parseKeySource', () => {
  for (const text of ['', '{', 'null', '[]', '"a"', '5', '{ "curent": "a" }', '{ "keys": [] }']) {
    it(`refuses ${shown(text)}`, () => {
      misconfiguredBy(() => parseKeySource('setting', text));
      parseKeySource('setting', '{ "version": 1, "current": "a" }');
    });
  }

  it('quotes no key that stands where a name belongs', () => {
    const secret = newSecret();
    const error = thrownBy(() => parseKeySource('setting', secret)) as Error;
    expectNoPieceOf(secret, error.message);
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
