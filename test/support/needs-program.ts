import { spawnSync } from 'node:child_process';
import { skip } from './skip.js';

/**
 * Skips the test or suite where a program it needs is not installed. In CI, where all of them should be
 * (`SERVICE_AUTH_REQUIRE_PROGRAMS=1`), it fails instead, so that nothing is skipped unseen.
 *
 * @param context - `this` of the hook or test
 * @param program - `redis-server`, `nginx`
 * @returns the path of the program
 */
export function needsProgram(context: Mocha.Context, program: string): string {
  // Servers live in sbin, which a user's PATH may lack.
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  const { stdout } = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], { env, encoding: 'utf8' });
  return stdout.trim() || missing(context, program);
}

/**
 * The same for Python and modules of it.
 *
 * @param context - `this` of the hook or test
 * @param modules - `jwt`, `jose`
 * @returns the path of a Python that has them: the system's may, while the first on the PATH does not
 */
export function needsPython(context: Mocha.Context, ...modules: readonly string[]): string {
  const program = `import ${modules.join(', ')}`;
  const python = ['python3', '/usr/bin/python3'].find((path) => spawnSync(path, ['-c', program]).status === 0);
  return python ?? missing(context, `python3 with ${modules.join(' and ')}`);
}

function missing(context: Mocha.Context, what: string): never {
  const why = `${what} not installed`;
  if (process.env['SERVICE_AUTH_REQUIRE_PROGRAMS'] === '1') throw new Error(`skipped: ${why}`);
  return skip(context, why);
}
