import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of its own for a test. */
export interface KeyDirectory {
  readonly path: string;
  file(name: string): string;
  write(name: string, text: string | Buffer): string;
  /** Replaces the file in one step. */
  replace(name: string, text: string): void;
  remove(): void;
}

export function keyDirectory(): KeyDirectory {
  const path = mkdtempSync(join(tmpdir(), 'service-auth-keys-'));
  const file = (name: string): string => join(path, name);
  const write = (name: string, text: string | Buffer): string => {
    writeFileSync(file(name), text, { mode: 0o600 });
    return file(name);
  };
  return {
    path,
    file,
    write,
    replace(name, text) {
      write(`.${name}.new`, text);
      renameSync(file(`.${name}.new`), file(name));
    },
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Mounts files as the kubelet does: links into a hidden directory, which is swapped for another one by one rename. */
export function mountSecret(path: string, version: string, files: Readonly<Record<string, string>>): void {
  const data = join(path, `..${version}`);
  mkdirSync(data, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(data, name), text);
  symlinkSync(`..${version}`, join(path, '..data_tmp'));
  renameSync(join(path, '..data_tmp'), join(path, '..data'));
  for (const name of Object.keys(files)) {
    if (!readdirSync(path).includes(name)) symlinkSync(join('..data', name), join(path, name));
  }
  for (const name of readdirSync(path)) if (!name.startsWith('.') && !(name in files)) unlinkSync(join(path, name));
  for (const old of readdirSync(path)) {
    if (old.startsWith('..') && old !== '..data' && old !== `..${version}`)
      rmSync(join(path, old), { recursive: true });
  }
}
