import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { resolveRedis } from '../../shared/redis/redis-options.js';
import { type Environment, readSetting } from '../../shared/settings.js';
import type { ConfigNode } from './config-node.js';
import type { FilePlace, KeyPlace, RevocationPlace, TlsPlace } from './gateway-config.js';

/** Where a configuration stands. */
export interface ConfigPlace {
  /** What the paths in it are relative to: the directory of the file. */
  readonly directory: string;
  /** What the paths in variables are relative to. */
  readonly cwd: string;
  readonly env: Environment;
}

/** Longer than any path, or of several lines: the thing itself was put where its file belongs. */
const NO_PATH = /^.{513}|[\r\n]/s;

const NOT_THERE =
  'names a file that does not exist. A path that does not begin with / is looked for in the directory of the configuration.';

/** Reads the setting that names a file. The path is empty where it is wrong. */
export function readFilePlace(
  node: ConfigNode | undefined,
  parent: ConfigNode,
  { directory }: ConfigPlace,
  name = 'file',
): FilePlace {
  if (node === undefined && parent.isMap()) parent.complain(`needs ${name}: the path of a file.`);
  const path = node?.text('/etc/service-auth/keys') ?? '';
  const at = node ?? parent;
  if (path === '') return { path, at };
  const isPath = !NO_PATH.test(path);
  const absolute = isPath ? resolve(directory, path) : '';
  if (existsSync(absolute)) return { path: absolute, at };
  at.complain(isPath ? NOT_THERE : 'must be the path of a file, not what stands in it.');
  return { path: '', at };
}

/** Reads `tls`. */
export function readTlsPlace(node: ConfigNode, place: ConfigPlace): TlsPlace {
  const { cert, key } = node.fields(['cert', 'key']);
  return {
    cert: readFilePlace(cert, node, place, 'cert'),
    key: readFilePlace(key, node, place, 'key'),
    at: node,
  };
}

const MAX_SIGN_AFTER_SECONDS = 24 * 60 * 60;

/** Reads `keys`; without it, or without a file in it, the environment says where they are. */
export function readKeyPlace(node: ConfigNode | undefined, root: ConfigNode, place: ConfigPlace): KeyPlace {
  const { file, signAfterSeconds } =
    node?.fields(
      ['file', 'signAfterSeconds'],
      "Write it to a key file ('service-auth keys rotate --keys keys.json' makes one) and name that, keys: { file: keys.json }; or set JWT_SECRET_KEY.",
    ) ?? {};
  const at = file ?? node ?? root;
  return {
    file: file === undefined ? keyFileOf(at, place) : { path: readFilePlace(file, at, place).path, setting: file.path },
    signAfterSeconds: signAfterSeconds?.wholeNumber({ min: 0, max: MAX_SIGN_AFTER_SECONDS }) ?? 0,
    at,
  };
}

function keyFileOf(at: ConfigNode, { cwd, env }: ConfigPlace): KeyPlace['file'] {
  const path = at.take(() => readSetting('JWT_KEYS_FILE', env));
  return path === undefined ? undefined : { path: resolve(cwd, path), setting: 'JWT_KEYS_FILE' };
}

/** Reads `revocations`. */
export function readRevocationPlace(node: ConfigNode, place: ConfigPlace): RevocationPlace {
  const fields = node.fields(['file', 'redis', 'redisPrefix', 'maxStalenessSeconds']);
  const { file, redis, redisPrefix } = fields;
  const maxStalenessSeconds = fields['maxStalenessSeconds']?.wholeNumber({ min: 5, max: 604_800 });
  if (node.isMap() && (file === undefined) === (redis === undefined)) {
    node.complain('must have one of two: file, or redis with the name of the variable that holds its URL (REDIS_URL).');
  }
  if (redis === undefined) {
    redisPrefix?.complain('belongs to redis, and here is none.');
    const { path } = readFilePlace(file, node, place);
    return { kind: 'file', path, at: file ?? node, maxStalenessSeconds };
  }
  const variable = redis.text('REDIS_URL') ?? '';
  const keyPrefix = redisPrefix?.text('service-auth:');
  return { kind: 'redis', variable, url: redisUrl(redis, variable, place), keyPrefix, at: redis, maxStalenessSeconds };
}

function redisUrl(node: ConfigNode, variable: string, { env }: ConfigPlace): string {
  if (!/^[A-Za-z_]\w{0,29}$/.test(variable)) {
    if (variable !== '')
      node.complain(
        'must be the name of a variable of the environment, such as REDIS_URL. The URL itself may hold a password, and stands in that variable.',
      );
    return '';
  }
  const url = env[variable];
  if (url === undefined || url.trim() === '') {
    node.complain(
      `names the variable ${variable}, which is ${url === undefined ? 'not set' : 'empty'}. It must hold the URL of Redis, such as redis://redis:6379.`,
    );
    return '';
  }
  return node.take(() => resolveRedis({ url }), 'url')?.url ?? '';
}
