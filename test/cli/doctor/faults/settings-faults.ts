import { openBakery, PREVIEW } from './bakery.js';
import type { Call, Fault } from './fault.js';
import type { Stage } from './stage.js';

/** Asks a sound bakery in an environment that has these variables too. */
const inEnvironment =
  (variables: (stage: Stage, token: string) => Readonly<Record<string, string | undefined>>) =>
  async (stage: Stage, isBroken: boolean): Promise<Call> => {
    const { gatewayUrl } = await openBakery(stage);
    const token = stage.mint();
    return { args: [gatewayUrl + PREVIEW], env: { SERVICE_TOKEN: token, ...(isBroken && variables(stage, token)) } };
  };

/** Variables that are not what they were meant to be. */
export const SETTINGS_FAULTS: readonly Fault[] = [
  {
    title: 'SERVICE_TOKEN is set but empty',
    step: 'settings',
    seen: /SERVICE_TOKEN/,
    remedy: /value|remove|unset/i,
    make: inEnvironment(() => ({ SERVICE_TOKEN: '' })),
  },
  {
    title: 'JWT_SECRET_KEY is set but empty',
    step: 'settings',
    seen: /JWT_SECRET_KEY/,
    remedy: /value|remove|unset/i,
    make: inEnvironment(() => ({ JWT_SECRET_KEY: '' })),
  },
  {
    title: 'the secret has the name JWT_SECRET',
    step: 'settings',
    seen: /JWT_SECRET\b/,
    remedy: /JWT_SECRET_KEY/,
    make: inEnvironment((stage) => ({ JWT_SECRET_KEY: undefined, JWT_SECRET: stage.secret })),
  },
  {
    title: 'the token has the name SERVICE_TOKENS',
    step: 'settings',
    seen: /SERVICE_TOKENS/,
    remedy: /SERVICE_TOKEN\b/,
    make: inEnvironment((_stage, token) => ({ SERVICE_TOKEN: undefined, SERVICE_TOKENS: token })),
  },
  {
    title: 'the secret is weak',
    step: 'settings',
    seen: /JWT_SECRET_KEY/,
    remedy: /keys generate|bytes|characters|longer|random/,
    make: inEnvironment(() => ({ JWT_SECRET_KEY: 'changeme' })),
  },
  {
    title: 'JWT_KEYS_FILE names a file that is not there',
    step: 'settings',
    seen: /JWT_KEYS_FILE/,
    remedy: /file|mount|path/i,
    make: inEnvironment((stage) => ({ JWT_KEYS_FILE: stage.cli.path('nowhere.json') })),
  },
  {
    title: 'SERVICE_NAME is no name of a service',
    step: 'settings',
    seen: /SERVICE_NAME/,
    remedy: /SERVICE_NAME|name/,
    make: inEnvironment(() => ({ SERVICE_NAME: 'Orders_Service' })),
  },
];
