import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import sinon from 'sinon';
import winston from 'winston';
import { createLogger, defaultLogger, type Logger, readLogger, redactFormat } from '../../lib/shared/log.js';
import { misconfiguredBy, thrownBy } from '../support/refusals.js';

const OPAQUE = randomBytes(24).toString('hex');
const JWT = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.${randomBytes(32).toString('base64url')}`;
const PEM = `-----BEGIN PRIVATE KEY-----\n${OPAQUE}\n-----END PRIVATE KEY-----`;

/** A transport that keeps what is written to it. */
function capture(): { transport: winston.transport; text: () => string; lines: () => Record<string, unknown>[] } {
  let written = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString();
      done();
    },
  });
  return {
    transport: new winston.transports.Stream({ stream }),
    text: () => written,
    lines: () =>
      written
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

function secretError(): Error {
  const error = new Error(`no answer to Bearer ${OPAQUE}`, { cause: new Error(`with ${JWT}`) });
  return Object.assign(error, { code: 'E_NO', config: { headers: { Authorization: `Bearer ${OPAQUE}` } }, pem: PEM });
}

function expectClean(text: string): void {
  expect(text).not.to.include(OPAQUE).and.not.to.include(JWT).and.not.to.include(JWT.split('.')[2]);
}

describe('createLogger', () => {
  it('writes one JSON object a line, with an ISO 8601 timestamp', () => {
    const { transport, lines } = capture();
    const logger = createLogger({ transports: [transport] }, {});
    logger.info('Service-only access granted', { service: 'orders-service', decision: 'granted' });
    logger.warn('two');
    const [first, second] = lines();
    expect(first).to.include({ level: 'info', message: 'Service-only access granted', service: 'orders-service' });
    expect(first?.['timestamp']).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(second).to.have.all.keys('level', 'message', 'timestamp');
  });

  describe('takes secrets out of every call style', () => {
    const STYLES: readonly (readonly [string, (logger: winston.Logger) => unknown])[] = [
      ['a message and an error', (logger) => logger.error('failed', secretError())],
      ['an error alone', (logger) => logger.error(secretError())],
      ['an error for a message', (logger) => logger.error({ message: secretError() })],
      ['an object with an error', (logger) => logger.error({ message: 'failed', err: secretError() })],
      ['a message and fields', (logger) => logger.error('failed', { err: secretError(), token: OPAQUE, list: [JWT] })],
      ['log with a level', (logger) => logger.log('error', 'failed', secretError())],
      ['log with an object', (logger) => logger.log({ level: 'error', message: `failed ${JWT}`, cookie: OPAQUE })],
      ['a message that holds it', (logger) => logger.error(`failed with ${JWT}, Bearer ${OPAQUE} and ${PEM}`)],
      ['a child logger’s fields', (logger) => logger.child({ authorization: OPAQUE, jwt: JWT }).error('failed')],
      ['a number behind the message', (logger) => logger.error('failed', 5, { secret: OPAQUE })],
    ];
    for (const [name, write] of STYLES) {
      it(name, () => {
        const { transport, text, lines } = capture();
        write(createLogger({ transports: [transport] }, {}));
        expect(lines()).to.have.length(1);
        expect(lines()[0]).to.include.keys('level', 'message', 'timestamp');
        expectClean(text());
      });
    }

    it('and keeps what is needed of an error', () => {
      for (const write of STYLES.slice(0, 2).map(([, style]) => style)) {
        const { transport, lines } = capture();
        write(createLogger({ transports: [transport] }, {}));
        expect(lines()[0]).to.include({ code: 'E_NO', level: 'error' });
        expect(lines()[0]?.['message']).to.be.a('string').that.includes('no answer to Bearer [redacted]');
        expect(lines()[0]?.['stack']).to.be.a('string').that.includes('log.test.ts');
      }
    });
  });

  it('leaves the error that was logged as it was', () => {
    const { transport } = capture();
    const error = secretError();
    createLogger({ transports: [transport] }, {}).error('failed', error);
    expect(error.message).to.include(OPAQUE);
  });

  it('writes one line for a text with line ends', () => {
    // G20
    const { transport, lines, text } = capture();
    createLogger({ transports: [transport] }, {}).info('a\r\nb', { endpoint: 'GET /\u001B[31m\n{"level":"info"}' });
    expect(lines()).to.have.length(1);
    expect(text()).not.to.include('\u001B');
  });

  it('writes what goes in circles, what throws and what has a prototype for a name', () => {
    const { transport, lines } = capture();
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const inner = Object.defineProperty({}, 'a', {
      enumerable: true,
      get: () => {
        throw new Error(OPAQUE);
      },
    });
    const hostile = JSON.parse('{"__proto__":{"admin":true},"b":1}') as object;
    createLogger({ transports: [transport] }, {}).info('odd', { circle, inner, hostile, big: 5n });
    expect(lines()[0]).to.deep.include({
      circle: { self: '[circular]' },
      inner: { a: '[unreadable]' },
      hostile: { b: 1 },
    });
    expect(lines()[0]?.['big']).to.equal('5');
  });

  describe('takes its level', () => {
    const written = (level: string | undefined, env: Record<string, string>): string => {
      const { transport, text } = capture();
      const options = { transports: [transport], ...(level !== undefined && { level: level as 'info' }) };
      const logger = createLogger(options, env);
      for (const name of ['error', 'warn', 'info', 'debug'] as const) logger[name]('line');
      return text().split('\n').filter(Boolean).length.toString();
    };

    for (const [level, env, count] of [
      [undefined, {}, '3'],
      [undefined, { LOG_LEVEL: 'debug' }, '4'],
      [undefined, { LOG_LEVEL: 'error' }, '1'],
      ['warn', { LOG_LEVEL: 'debug' }, '2'],
      ['warn', { LOG_LEVEL: 'nonsense' }, '2'],
    ] as const) {
      it(`from ${String(level)} and ${JSON.stringify(env)}: ${count} of 4 lines`, () => {
        expect(written(level, env)).to.equal(count);
      });
    }

    for (const bad of ['nonsense', 'INFO', 'info ', '', 'constructor']) {
      it(`and refuses LOG_LEVEL=${JSON.stringify(bad)}`, () => {
        expect(misconfiguredBy(() => createLogger({}, { LOG_LEVEL: bad }))).to.equal('LOG_LEVEL');
      });
    }

    it('and refuses an option that is none', () => {
      expect(misconfiguredBy(() => createLogger({ level: 'nonsense' as 'info' }, {}))).to.equal('level');
    });
  });
});

describe('createLogger, for transports with formats of their own', () => {
  it('leaves them what the message has still to be filled with, without secrets', () => {
    const seen: string[] = [];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        seen.push(chunk.toString());
        done();
      },
    });
    const format = winston.format.combine(winston.format.splat(), winston.format.simple());
    const logger = createLogger({
      level: 'info',
      transports: [new winston.transports.Stream({ stream: sink, format })],
    });
    logger.info('hi %s', 'there');
    logger.info('hi %s', `Bearer ${OPAQUE}`);
    logger.info('hi', { a: 1 });
    expect(seen.join('')).to.include('hi there').and.include('hi Bearer [redacted]').and.include('"a":1');
    expect(seen.join('')).not.to.include(OPAQUE);
  });
});

describe('redactFormat', () => {
  it('hides splat arguments from the formats behind it', () => {
    const { transport, text } = capture();
    const showAll = winston.format.printf((info) =>
      JSON.stringify([info, info[Symbol.for('splat') as unknown as string]]),
    );
    const logger = winston.createLogger({
      format: winston.format.combine(redactFormat(), winston.format.splat(), showAll),
      transports: [transport],
    });
    logger.info('sent %s', `Bearer ${OPAQUE}`, { token: OPAQUE, kept: 'yes' });
    expect(text()).to.include('sent Bearer [redacted]').and.include('yes');
    expectClean(text());
  });

  it('keeps winston’s own symbols', () => {
    const info = { level: 'info', message: JWT, [Symbol.for('level')]: 'info' };
    const clean = redactFormat().transform(info) as winston.Logform.TransformableInfo;
    expect(clean).to.deep.equal({ level: 'info', message: '[redacted]', [Symbol.for('level')]: 'info' });
    expect(info.message, 'the original').to.equal(JWT);
  });
});

describe('defaultLogger', () => {
  it('is one for the process, shared with other copies of this package', () => {
    const logger = defaultLogger();
    expect(defaultLogger()).to.equal(logger);
    expect((globalThis as Record<symbol, unknown>)[Symbol.for('service-auth.logger')]).to.equal(logger);
  });
});

describe('readLogger', () => {
  const full: Logger = { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 };

  it('hands every line to anything with the four methods, winston among them, and to the default for undefined', () => {
    const { transport, lines } = capture();
    for (const logger of [full, winston.createLogger({ level: 'debug', transports: [transport] })]) {
      for (const level of ['debug', 'info', 'warn', 'error'] as const) readLogger(logger)[level](level, { a: level });
    }
    expect(lines().map(({ level, message, a }) => [level, message, a])).to.deep.equal(
      ['debug', 'info', 'warn', 'error'].map((level) => [level, level, level]),
    );
    const said = sinon.stub(defaultLogger(), 'info');
    try {
      readLogger(undefined).info('text');
      expect(said.args).to.deep.equal([['text', undefined]]);
    } finally {
      said.restore();
    }
  });

  it('ends no process where a line is lost later', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const logger = readLogger({ ...full, info: () => Promise.reject(new Error('disk full')) });
    const result = logger.info('text') as Promise<unknown>;
    expect((await warned).message).to.equal('The logger lost a line.');
    await result.catch(() => undefined);
    expect(await readLogger({ ...full, info: () => Promise.resolve(1) }).info('text')).to.equal(1);
  });

  // D10, G16: Express takes a thrown null or 'route' for "go on".
  it('throws nothing but errors, whatever the logger throws', () => {
    const boom = new Error('disk full');
    for (const reason of [null, undefined, 'route', 0, boom]) {
      const logger = readLogger({
        ...full,
        warn: () => {
          throw reason as Error;
        },
      });
      const thrown = thrownBy(() => logger.warn('text')) as Error;
      expect(thrown).to.be.an.instanceOf(Error);
      expect(reason instanceof Error ? thrown : thrown.cause).to.equal(reason);
    }
  });

  for (const name of ['debug', 'info', 'warn', 'error']) {
    it(`refuses one without ${name}`, () => {
      expect(misconfiguredBy(() => readLogger({ ...full, [name]: undefined }))).to.equal('logger');
    });
  }

  it('refuses what is none', () => {
    for (const value of [null, 7, 'console', true, {}, () => 0]) {
      expect(misconfiguredBy(() => readLogger(value as Logger))).to.equal('logger');
    }
  });

  it('asks the logger whether it hears a level, each time', () => {
    const logger = createLogger({ level: 'info' });
    const settled = readLogger(logger);
    expect([settled.hears('debug'), settled.hears('info')]).to.deep.equal([false, true]);
    logger.level = 'debug';
    expect(settled.hears('debug')).to.equal(true);
  });

  it('takes it that one hears every level that does not say, or fails to', () => {
    const fail = (): never => {
      throw new Error('broken');
    };
    for (const isLevelEnabled of [undefined, 'no', fail, () => undefined]) {
      expect(readLogger({ ...full, isLevelEnabled } as Logger).hears('debug')).to.equal(true);
    }
    expect(readLogger({ ...full, isLevelEnabled: () => false } as Logger).hears('debug')).to.equal(false);
  });
});
