import { relative } from 'node:path';
import { type CliIo, printable } from '../cli-io.js';
import { warnIfOpen } from '../open-files.js';
import type { GatewayConfig } from './gateway-config.js';

/** Warns of files with keys that everybody can read. */
export function warnOfOpenFiles(io: CliIo, { keys, assertionKeys, tls }: GatewayConfig): void {
  for (const path of [keys.file?.path, assertionKeys?.path, tls?.key.path]) {
    if (path !== undefined) warnIfOpen(io, path, printable(relative(io.cwd, path)));
  }
}
