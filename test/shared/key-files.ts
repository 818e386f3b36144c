import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
