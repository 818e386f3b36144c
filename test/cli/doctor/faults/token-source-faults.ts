import { askWith } from './ask-bakery.js';
import { type Call, type Fault, withToken } from './fault.js';
import type { Stage } from './stage.js';

/** What is in the file that SERVICE_TOKEN_FILE names. */
const inFile =
  (text: (token: string) => string) =>
  (stage: Stage, isBroken: boolean): Promise<Call> => {
    const token = stage.mint();
    const file = stage.cli.write('client.token', isBroken ? text(token) : `${token}\r\n`);
    return askWith(stage, token, { env: { SERVICE_TOKEN_FILE: file } });
  };

/** What is wrong with where the token lies, and with what else lies there. */
export const TOKEN_SOURCE_FAULTS: readonly Fault[] = [
  {
    title: 'there is no token',
    step: 'token-present',
    remedy: /SERVICE_TOKEN/,
    make: (stage, isBroken) => askWith(stage, stage.mint(), isBroken ? { env: {} } : {}),
  },
  {
    title: 'the file of the token is not there',
    step: 'token-present',
    seen: /nowhere\.token/,
    remedy: /SERVICE_TOKEN_FILE|mount|file/,
    make: (stage, isBroken) => {
      const token = stage.mint();
      const file = stage.cli.write('client.token', token);
      const env = { SERVICE_TOKEN_FILE: isBroken ? stage.cli.path('nowhere.token') : file };
      return askWith(stage, token, { env });
    },
  },
  {
    title: 'the file of the token is empty',
    step: 'token-present',
    remedy: /generate|mint|file/,
    make: inFile(() => '\n'),
  },
  {
    title: 'the token stands in quotes',
    step: 'token-form',
    seen: /quote/i,
    remedy: /quote|between/i,
    make: inFile((token) => `"${token}"\n`),
  },
  {
    title: 'Bearer stands before the token',
    step: 'token-form',
    seen: /Bearer/,
    remedy: /Bearer|behind/,
    make: inFile((token) => `Bearer ${token}\n`),
  },
  {
    title: 'the file holds a line of an .env file',
    step: 'token-form',
    seen: /name of a variable/,
    remedy: /whole and alone/,
    make: inFile((token) => `SERVICE_TOKEN=${token}\n`),
  },
  {
    title: 'the file holds two tokens',
    step: 'token-form',
    seen: /several/,
    remedy: /whole and alone/,
    make: inFile((token) => `${token}\n${token}\n`),
  },
  {
    title: 'the token was cut in the midst',
    step: 'token-form',
    remedy: /whole|again|generate/i,
    make: inFile((token) => token.slice(0, token.lastIndexOf('.'))),
  },
  {
    title: 'a good SERVICE_TOKEN stands behind a SERVICE_TOKEN_FILE that is not there',
    step: 'token-present',
    seen: /nowhere/,
    remedy: /SERVICE_TOKEN_FILE/,
    make: (stage, isBroken) => {
      const token = stage.mint();
      const file = { SERVICE_TOKEN_FILE: stage.cli.path('nowhere.token') };
      return askWith(stage, token, { env: { ...withToken(token), ...(isBroken && file) } });
    },
  },
];
