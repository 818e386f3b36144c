import { basename, dirname, resolve } from 'node:path';
import { readTextFile } from '../../shared/read-file.js';
import { type CliIo, printable } from '../cli-io.js';
import type { ConfigPlace } from './read-places.js';

const MAX_BYTES = 1024 * 1024;
/** Longer than most names, and shorter than any secret: a part of a path that is longer may be one in the wrong place. */
const MAX_SHOWN_PART = 31;

/** The file that `--config` names. */
export interface ConfigFile extends ConfigPlace {
  readonly path: string;
  readonly format: 'YAML' | 'JSON';
  /** As messages name it. */
  readonly label: string;
  /**
   * @throws ConfigurationError where it cannot be read
   */
  readonly read: () => string;
}

/** The file that `--config` names; JSON if its name ends so, else YAML. */
export function configFile({ cwd, env }: CliIo, given: string): ConfigFile {
  const path = resolve(cwd, given);
  const isShown = given.split('/').every((part) => part.length <= MAX_SHOWN_PART);
  return {
    path,
    directory: dirname(path),
    cwd,
    env,
    format: path.toLowerCase().endsWith('.json') ? 'JSON' : 'YAML',
    label: isShown
      ? printable(given)
      : basename(path).length <= MAX_SHOWN_PART
        ? printable(basename(path))
        : '--config',
    read: () => readTextFile('--config', path, MAX_BYTES),
  };
}
