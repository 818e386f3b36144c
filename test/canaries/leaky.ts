/**
 * Not one of the tests: canary-hooks.test.ts runs this in a process of its own, to see that whatever leaks is found. With
 * `LEAK=1` every test here gives its secret away in the way that its title says; without, it keeps it.
 */
import { createSecretKey } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import winston from 'winston';
import { ServiceRequestError } from '../../lib/client/service-request-error.js';
import { deriveAssertionKey } from '../../lib/shared/assertion-keys.js';
import { ConfigurationError, InvalidTokenError } from '../../lib/shared/errors.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { serviceClaims } from '../support/claims.js';
import { forge } from '../support/forge.js';
import { newEcPair, newRsaPair, newSecret, newSecretKey } from '../support/keys.js';

const leaks = process.env['LEAK'] === '1';

/** What may be shown instead. */
const shown = (secret: string): string => (leaks ? secret : 'nothing');

const newToken = (): string => createServiceToken('orders-service', { keys: newSecret() });

const FIELDS = { code: 'ERR_BAD_REQUEST', method: 'GET', url: 'http://orders-service/', tries: 1 };

function plainWinston(transport: winston.transport = new winston.transports.Console()): winston.Logger {
  const format = winston.format.combine(winston.format.errors({ stack: true }), winston.format.json());
  return winston.createLogger({ format, transports: [transport] });
}

/** By channel: how a secret gets out, if nobody takes care. */
const LEAKS: Readonly<Record<string, () => unknown>> = {
  'console.log': () => {
    console.log(shown(newSecret()));
  },
  'console.error of an object': () => {
    console.error({ headers: { authorization: `Bearer ${shown(newToken())}` } });
  },
  'process.stdout.write': () => process.stdout.write(`${shown(newSecret())}\n`),
  'process.stderr.write': () => process.stderr.write(`${shown(newSecret())}\n`),
  'a warning': () => {
    process.emitWarning(`not good: ${shown(newSecret())}`);
  },
  'a piece of 20 characters': () => {
    console.log(`<${shown(newSecret()).slice(7, 27)}>`);
  },
  'a piece of a signature': () => {
    console.log(shown(newToken()).split('.').at(-1)!.slice(-20));
  },
  'a payload': () => {
    console.log(shown(newToken()).split('.').at(1));
  },
  'a token made by hand': () => {
    const secret = newSecret();
    const token = forge(secret, { alg: 'HS256' }, serviceClaims());
    createTokenVerifier({ keys: secret }).verify(token);
    console.log(shown(token));
  },
  'the bytes of a secret in hexadecimal': () => {
    console.log(shown(newSecretKey().export().toString('hex')));
  },
  'a secret in base64': () => {
    const secret = newSecret();
    createServiceToken('orders-service', { keys: createSecretKey(Buffer.from(secret)) });
    console.log(shown(Buffer.from(secret).toString('base64')));
  },
  'a private key of EC': () => {
    console.log(shown(newEcPair().privatePem));
  },
  'a private key of RSA in a line of JSON': () => {
    console.log(JSON.stringify({ pem: shown(newRsaPair().privatePem) }));
  },
  'a derived key': () => {
    console.log(shown(deriveAssertionKey('orders-service', { keys: newSecret() })));
  },
  'the difference that a failed test shows': () => {
    if (leaks) expect(newToken()).to.equal('another');
  },
  'the error that a failed test throws': () => {
    if (leaks) throw new Error(`no use for ${newSecret()}`);
  },
  'winston with an error': () => plainWinston().error(new Error(shown(newSecret()))),
  'winston with a text and an error': () => plainWinston().error('text', new Error(shown(newSecret()))),
  'winston with an error among the fields': () =>
    plainWinston().error({ message: 'text', err: Object.assign(new Error('b'), { token: shown(newToken()) }) }),
  'a log file of winston': async () => {
    const transport = new winston.transports.File({ filename: join(tmpdir(), 'winston.log') });
    const logger = plainWinston(transport);
    logger.error(shown(newSecret()));
    logger.end();
    await once(transport, 'finish');
  },
  'a log file that is gone at the end': async () => {
    const file = createWriteStream(join(tmpdir(), 'stream.txt'));
    file.end(`${shown(newSecret())}\n`);
    await once(file, 'finish');
  },
  'a reason of a refusal': () => new InvalidTokenError(`no_${shown(newSecret())}`),
  'a cause of a refusal': () => new InvalidTokenError('no', { cause: new Error(shown(newToken())) }),
  'a field that was added to a refusal': () => Object.assign(new InvalidTokenError(), { token: shown(newToken()) }),
  'the message of a configuration error': () => new ConfigurationError('keys', `is ${shown(newSecret())}.`),
  'the body in a service request error': () => {
    const response = { status: 400, statusText: '', headers: {} as never, data: { echo: [shown(newToken())] } };
    return new ServiceRequestError('failed', { ...FIELDS, response });
  },
  'a hidden field of a service request error': () => {
    const error = new ServiceRequestError('failed', FIELDS);
    return Object.defineProperty(error, 'config', { value: { headers: { authorization: shown(newToken()) } } });
  },
};

describe('a leak', () => {
  for (const [channel, leak] of Object.entries(LEAKS)) {
    it(channel, async () => {
      await leak();
    });
  }
  it(`the title of a test: ${shown(newSecret())}`, () => undefined);
});
