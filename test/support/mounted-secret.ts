import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A directory as Kubernetes mounts a Secret. */
export interface MountedSecret {
  readonly path: string;
  /** Changes all of its files at once, as the kubelet does. */
  write(files: Readonly<Record<string, string>>): void;
}

/**
 * Makes a directory like a mounted Secret: the files are links to `..data/<name>`, `..data` is a link to a directory that never changes,
 * and a change is another directory and one rename of that link.
 *
 * @param parent - where it is made
 * @param files - what it holds at first
 */
export function mountSecret(parent: string, files: Readonly<Record<string, string>>): MountedSecret {
  const path = mkdtempSync(join(parent, 'mount-'));
  let written = 0;
  let visible: readonly string[] = [];
  const write: MountedSecret['write'] = (next) => {
    const version = `..version-${written++}`;
    mkdirSync(join(path, version));
    for (const [name, text] of Object.entries(next)) writeFileSync(join(path, version, name), text, { mode: 0o440 });
    symlinkSync(version, join(path, '..data_tmp'));
    renameSync(join(path, '..data_tmp'), join(path, '..data'));
    for (const name of Object.keys(next)) {
      if (!visible.includes(name)) symlinkSync(join('..data', name), join(path, name));
    }
    for (const name of visible) if (!(name in next)) rmSync(join(path, name));
    visible = Object.keys(next);
    for (const old of readdirSync(path)) {
      if (old.startsWith('..version-') && old !== version) rmSync(join(path, old), { recursive: true });
    }
  };
  write(files);
  return { path, write };
}
