import { distance } from 'fastest-levenshtein';
import { createLogger } from '../../shared/log.js';
import { resolveRedis } from '../../shared/redis/redis-options.js';
import {
  type Environment,
  readListSetting,
  readServiceName,
  SETTING_NAMES,
  type SettingName,
} from '../../shared/settings.js';
import { printable } from '../cli-io.js';
import { beside, failed, type Finding, passed } from './finding.js';

/** What is known of the settings beside the environment itself. */
export interface SettingsContext {
  readonly env: Environment;
  /** Why the keys cannot be used: of `--keys`, `JWT_KEYS_FILE` or `JWT_SECRET_KEY`. */
  readonly keysError: string | undefined;
  readonly hasKeys: boolean;
  readonly hasToken: boolean;
}

interface Problem {
  readonly seen: string;
  readonly remedy: string;
  /** Whether the token is missing for it. */
  readonly isOfToken: boolean;
}

/** The step `settings`: no variable of ours is empty, misspelt or worth nothing. */
export function judgeSettings(context: SettingsContext): Finding {
  const problems = [
    ...emptyOnes(context.env),
    ...wrongOnes(context),
    ...contradictions(context),
    ...misspeltOnes(context),
  ];
  if (problems.length === 0) {
    const set = SETTING_NAMES.filter((name) => context.env[name] !== undefined);
    return passed(set.length === 0 ? 'no variable of ours is set' : set.join(', '));
  }
  const finding = failed(
    problems.map(({ seen }) => seen).join(' '),
    [...new Set(problems.map(({ remedy }) => remedy))].join(' '),
  );
  const breaksRequest = !context.hasToken && problems.some(({ isOfToken }) => isOfToken);
  return breaksRequest ? finding : beside(finding);
}

const OF_TOKEN: readonly string[] = ['SERVICE_TOKEN', 'SERVICE_TOKEN_FILE'];

function emptyOnes(env: Environment): readonly Problem[] {
  return SETTING_NAMES.filter((name) => env[name]?.trim() === '').map((name) => ({
    seen: `${name} is set but empty.`,
    remedy: `Give ${name} a value, or remove it from the environment: a secret that failed to mount looks like this.`,
    isOfToken: OF_TOKEN.includes(name),
  }));
}

function wrongOnes({ env, keysError }: SettingsContext): readonly Problem[] {
  const isSet = (name: SettingName): boolean => (env[name] ?? '').trim() !== '';
  const checks: readonly (readonly [name: SettingName, check: () => unknown])[] = [
    ['SERVICE_NAME', () => readServiceName(env)],
    ['REDIS_URL', () => resolveRedis({}, env)],
    ['LOG_LEVEL', () => createLogger({ transports: [] }, env)],
    ['GATEWAY_ASSERTION_KEY', () => readListSetting('GATEWAY_ASSERTION_KEY', env)],
  ];
  const found: Problem[] = checks
    .filter(([name]) => isSet(name))
    .flatMap(([name, check]) => {
      const message = messageOf(check);
      return message === undefined ? [] : [{ seen: message, remedy: `Set ${name} right.`, isOfToken: false }];
    });
  const isSaid = SETTING_NAMES.some((name) => !isSet(name) && env[name] !== undefined && keysError?.startsWith(name));
  if (keysError !== undefined && !isSaid)
    found.push({ seen: keysError, remedy: keysRemedy(keysError), isOfToken: false });
  return found;
}

function keysRemedy(message: string): string {
  return /^(?:--keys|JWT_KEYS_FILE)\b/.test(message)
    ? 'Mend the path of the key file, or mount the secret there.'
    : "Put a key there that 'service-auth keys generate' made, the same everywhere.";
}

function messageOf(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Two that say different things: which of them is meant, nobody knows. */
function contradictions({ env }: SettingsContext): readonly Problem[] {
  const isBoth = (first: SettingName, second: SettingName): boolean =>
    [first, second].every((name) => (env[name] ?? '').trim() !== '');
  return isBoth('GATEWAY_ASSERTION_KEY', 'GATEWAY_ASSERTION_KEY_FILE')
    ? [
        {
          seen: 'GATEWAY_ASSERTION_KEY and GATEWAY_ASSERTION_KEY_FILE are both set; the file counts.',
          remedy: 'Remove the one that is not meant.',
          isOfToken: false,
        },
      ]
    : [];
}

// What people call them instead; that is further off than a slip of the keyboard.
const ALIASES: Readonly<Record<string, SettingName | undefined>> = {
  JWT_SECRET: 'JWT_SECRET_KEY',
  JWT_KEY: 'JWT_SECRET_KEY',
  JWT_SIGNING_KEY: 'JWT_SECRET_KEY',
  SECRET_KEY_JWT: 'JWT_SECRET_KEY',
  JWT_SECRET_KEY_FILE: 'JWT_KEYS_FILE',
  JWT_SECRET_FILE: 'JWT_KEYS_FILE',
  JWT_KEYS: 'JWT_KEYS_FILE',
  SERVICE_AUTH_TOKEN: 'SERVICE_TOKEN',
  SERVICE_JWT: 'SERVICE_TOKEN',
  SERVICE_TOKEN_PATH: 'SERVICE_TOKEN_FILE',
};
const OF_KEYS: readonly SettingName[] = ['JWT_SECRET_KEY', 'JWT_KEYS_FILE'];
const WATCHED = [
  ...OF_KEYS,
  'JWT_SECRET_KEY_PREVIOUS',
  'SERVICE_TOKEN',
  'SERVICE_TOKEN_FILE',
  'SERVICE_AUTH_DIR',
] as const;
const MAX_SLIPS = 2;

function misspeltOnes({ env, hasKeys, hasToken }: SettingsContext): readonly Problem[] {
  const isMissed = (name: SettingName): boolean =>
    env[name] === undefined && !(hasKeys && OF_KEYS.includes(name)) && !(hasToken && OF_TOKEN.includes(name));
  return Object.keys(env)
    .filter((name) => env[name] !== undefined && !(SETTING_NAMES as readonly string[]).includes(name))
    .flatMap((name) => {
      const meant = meantBy(name);
      if (meant === undefined || !isMissed(meant)) return [];
      const seen = `${printable(name)} is set, which nothing reads; ${meant} is not.`;
      return [{ seen, remedy: `Rename ${printable(name)} to ${meant}.`, isOfToken: OF_TOKEN.includes(meant) }];
    });
}

function meantBy(name: string): SettingName | undefined {
  const upper = name.toUpperCase();
  if (upper.length > 40) return undefined;
  const alias = Object.hasOwn(ALIASES, upper) ? ALIASES[upper] : undefined;
  return alias ?? WATCHED.find((one) => distance(upper, one) <= MAX_SLIPS);
}
