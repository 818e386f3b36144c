import { checkAlgorithm } from './key.js';
import { createKeyRingFile } from './key-ring-file.js';
import { buildRing, type KeyRing } from './key-ring.js';
import { type Environment, readListSetting, readSetting } from './settings.js';

/**
 * Makes a key ring from the environment: from the file or directory that `JWT_KEYS_FILE` names, followed as by
 * {@link keyRingFromFile}; else from `JWT_SECRET_KEY` (a secret, or a PEM where `JWT_ALGORITHM` says so), `JWT_SECRET_KEY_PREVIOUS`
 * (more of them, comma-separated) and `JWT_ALGORITHM` (HS256 by default).
 *
 * @param env - the environment; `process.env` by default
 * @returns the ring, or undefined where none of `JWT_KEYS_FILE`, `JWT_SECRET_KEY` and `JWT_SECRET_KEY_PREVIOUS` is set
 * @throws ConfigurationError naming the variable that is empty, weak, a placeholder or unreadable
 */
export function keyRingFromEnv(env: Environment = process.env): KeyRing | undefined {
  const path = readSetting('JWT_KEYS_FILE', env);
  if (path !== undefined) return createKeyRingFile('JWT_KEYS_FILE', path, {});
  const names = { current: 'JWT_SECRET_KEY', previous: 'JWT_SECRET_KEY_PREVIOUS', algorithm: 'JWT_ALGORITHM' } as const;
  const current = readSetting(names.current, env);
  const previous = readListSetting(names.previous, env);
  if (current === undefined && previous.length === 0) return undefined;
  const algorithm = checkAlgorithm(names.algorithm, readSetting(names.algorithm, env) ?? 'HS256');
  return buildRing({ current, previous, algorithm }, names);
}
