import { resolve } from 'node:path';
import { ConfigurationError } from '../shared/errors.js';
import { keyRingFromEnv } from '../shared/key-ring-env.js';
import { readKeyRingFile } from '../shared/key-ring-file.js';
import type { KeyRing } from '../shared/key-ring.js';
import { readSetting } from '../shared/settings.js';
import { type CliIo, printable } from './cli-io.js';
import { warnIfOpen } from './open-files.js';

/**
 * Reads the keys once: from the file or directory that `--keys` names, else `JWT_KEYS_FILE`, else `JWT_SECRET_KEY` and its siblings.
 *
 * @throws ConfigurationError where there are none, or they are broken
 */
export function readKeys(io: CliIo, path: string | undefined): KeyRing {
  const setting = path === undefined ? 'JWT_KEYS_FILE' : '--keys';
  const place = path ?? readSetting('JWT_KEYS_FILE', io.env);
  if (place === undefined) {
    const ring = keyRingFromEnv(io.env);
    if (ring !== undefined) return ring;
    throw new ConfigurationError(
      'JWT_SECRET_KEY',
      "is not set, and neither is JWT_KEYS_FILE. Make a key file with 'service-auth keys rotate --keys keys.json' and name it by " +
        '--keys or JWT_KEYS_FILE, or set JWT_SECRET_KEY to the secret that your services have.',
    );
  }
  const absolute = resolve(io.cwd, place);
  const ring = readKeyRingFile(setting, absolute);
  warnIfOpen(io, absolute, printable(place));
  return ring;
}
