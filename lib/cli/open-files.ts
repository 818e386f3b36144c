import { statSync } from 'node:fs';
import type { CliIo } from './cli-io.js';

const OTHERS_READ = 0o004;

/**
 * Warns of a key file that everybody can read. Kubernetes mounts keys readable for all of a container: of a directory only its own
 * files' owner can tell.
 */
export function warnIfOpen(io: CliIo, path: string, shown: string): void {
  const stats = statSync(path);
  if (!stats.isFile() || (stats.mode & OTHERS_READ) === 0) return;
  io.stderr.write(
    `Warning: every user of this machine can read ${shown} (mode ${octal(stats.mode)}), which holds keys. Close it: chmod 600 ${shown}\n`,
  );
}

/** Warns where a secret goes to a file that everybody can read, as the shell makes it without a umask. */
export function warnIfOutputIsOpen({ stdout, stderr }: CliIo): void {
  if (stdout.fileMode === undefined || (stdout.fileMode & OTHERS_READ) === 0) return;
  stderr.write(
    `Warning: every user of this machine can read the file that this secret goes to (mode ${octal(stdout.fileMode)}). ` +
      'Close it with chmod 600, and begin the next session with umask 077.\n',
  );
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8);
}
