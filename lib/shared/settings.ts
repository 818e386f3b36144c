import { ConfigurationError } from './errors.js';
import { checkServiceName } from './services.js';

/** The environment as settings are read from it; `process.env` unless a test gives another. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables that this package reads. Each is documented where it is used. */
export const SETTING_NAMES = [
  'JWT_SECRET_KEY',
  'JWT_SECRET_KEY_PREVIOUS',
  'JWT_ALGORITHM',
  'JWT_KEYS_FILE',
  'GATEWAY_ASSERTION_KEY',
  'GATEWAY_ASSERTION_KEY_FILE',
  'SERVICE_NAME',
  'SERVICE_TOKEN',
  'SERVICE_TOKEN_FILE',
  'LOG_LEVEL',
  'REDIS_URL',
  'SERVICE_AUTH_DIR',
] as const;

/** One of them. */
export type SettingName = (typeof SETTING_NAMES)[number];

/**
 * Reads one variable. One that is set but empty is a mistake, not an absence: a secret that failed to mount must not
 * silently switch a service to its weaker mode.
 *
 * @throws ConfigurationError naming the variable
 */
export function readSetting(name: SettingName, env: Environment): string | undefined {
  const value = env[name];
  if (value === undefined) return undefined;
  if (value.trim() === '') {
    throw new ConfigurationError(name, 'is set but empty. Give it a value, or remove it from the environment.');
  }
  return value;
}

/**
 * Reads a comma-separated list; white space around an entry does not count.
 *
 * @throws ConfigurationError where an entry is empty
 */
export function readListSetting(name: SettingName, env: Environment): readonly string[] {
  const value = readSetting(name, env);
  if (value === undefined) return [];
  const entries = value.split(',').map((entry) => entry.trim());
  if (entries.includes('')) {
    throw new ConfigurationError(
      name,
      'has an empty entry. Separate its entries by single commas, with none at the end.',
    );
  }
  return entries;
}

/**
 * Reads `SERVICE_NAME`, by which a service knows which assertions are meant for it.
 *
 * @throws ConfigurationError where it is set and no service name
 */
export function readServiceName(env: Environment): string | undefined {
  const name = readSetting('SERVICE_NAME', env);
  return name === undefined ? undefined : checkServiceName('SERVICE_NAME', name);
}

/** Tells whether `NODE_ENV` is `production`, where a missing trust decision is an error instead of a warning. */
export function isProduction(env: Environment): boolean {
  return env['NODE_ENV'] === 'production';
}
