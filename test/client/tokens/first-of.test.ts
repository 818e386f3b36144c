import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { firstOf } from '../../../lib/client/tokens/first-of.js';
import { readTokenSource } from '../../../lib/client/tokens/read-token-source.js';
import { tokenFromFile } from '../../../lib/client/tokens/token-from-file.js';
import { isTokenMissing } from '../../../lib/client/tokens/token-text.js';
import { tokenFromEnv, type TokenSource } from '../../../lib/client/tokens/token-source.js';
import { ConfigurationError } from '../../../lib/shared/errors.js';
import { anyRejectionOf, type MemoryLogger, memoryLogger, setEnvironment, show } from '../support.js';
import { tokenEndingIn, tokenOf } from './tokens.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_LOGGER = Symbol.for('service-auth.logger');

function named(name: string, get: () => unknown): TokenSource {
  return { name, get } as TokenSource;
}

function failing(name: string, message = 'vault is sealed'): TokenSource {
  return named(name, () => {
    throw new Error(message);
  });
}

describe('firstOf', () => {
  let clock: SinonFakeTimers;
  let restore: () => void;
  let folder: string;
  let logger: MemoryLogger;
  beforeEach(() => {
    clock = useFakeTimers({ now: 1_800_000_000_000, toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] });
    // The monotonic clock of a process that runs.
    clock.tick(5000);
    clock.setSystemTime(1_800_000_000_000);
    restore = setEnvironment({ FIRST_TOKEN: undefined, SECOND_TOKEN: undefined });
    folder = mkdtempSync(join(tmpdir(), 'service-auth-'));
    logger = memoryLogger();
  });
  afterEach(() => {
    clock.restore();
    restore();
    rmSync(folder, { recursive: true });
  });

  /** A source as a client has it: with the client's logger. */
  const client = (...sources: readonly TokenSource[]): TokenSource => readTokenSource(firstOf(...sources), logger);

  it('gives the first token there is, each time anew', () => {
    const [first, second] = [tokenOf(), tokenOf()];
    const source = client(
      tokenFromEnv('FIRST_TOKEN'),
      named('second', () => second),
    );
    expect(source.get()).to.equal(second);
    process.env['FIRST_TOKEN'] = first;
    expect(source.get()).to.equal(first);
    delete process.env['FIRST_TOKEN'];
    expect(source.get()).to.equal(second);
    expect(logger.lines).to.deep.equal([]);
  });

  it('does not ask those behind the one that gives', () => {
    const token = tokenOf();
    const source = client(
      named('first', () => token),
      named('second', () => expect.fail('asked')),
    );
    expect(source.get()).to.equal(token);
  });

  it('says nothing of a file that does not exist, and takes it when it does', () => {
    const [first, second] = [tokenOf(), tokenOf()];
    const path = join(folder, 'token');
    const source = client(
      tokenFromFile(path, { logger }),
      named('second', () => second),
    );
    expect(source.get()).to.equal(second);
    writeFileSync(path, first);
    expect(source.get()).to.equal(first);
    expect(logger.lines).to.deep.equal([]);
  });

  const broken: Readonly<Record<string, readonly [() => unknown, string]>> = {
    'is empty': [() => '', 'must give a token'],
    'gives white space': [() => ' ', 'is set but empty'],
    'is malformed': [() => 'secret-token', 'no JWT'],
    'gives nothing': [() => undefined, 'must give a token'],
    'has expired': [() => tokenEndingIn(-1), 'expired at 2027-01-15T07:59:59.000Z'],
    'promises a token that has expired': [() => Promise.resolve(tokenEndingIn(-1)), 'expired at'],
    throws: [
      () => {
        throw new Error('vault is sealed');
      },
      'vault is sealed',
    ],
    rejects: [() => Promise.reject(new Error('vault is sealed')), 'vault is sealed'],
  };
  for (const [name, [get, reason]] of Object.entries(broken)) {
    it(`passes over a source that ${name}, with one warning a day`, async () => {
      const token = tokenOf();
      const source = client(
        named('first', get),
        named('second', () => token),
      );
      for (let i = 0; i < 3; i++) expect(await source.get()).to.equal(token);
      expect(logger.lines).to.have.length(1);
      expect(logger.lines[0]).to.include({ level: 'warn', message: 'Token source passed over' });
      expect(logger.lines[0]?.fields).to.include({ source: 'first' });
      expect(show(logger.lines)).to.contain(reason).and.not.contain('secret-token');
    });

    it(`says which source ${name} where there is no other`, async () => {
      const error = await anyRejectionOf((async () => client(named('only', get)).get())());
      expect(error)
        .to.be.instanceOf(ConfigurationError)
        .with.property('message')
        .that.matches(/^firstOf\(only\) gives no token\. only /)
        .and.contains(reason);
    });
  }

  it('warns again the next day, and at once for another source or reason', () => {
    let get = (): unknown => '';
    const source = client(
      named('first', () => get()),
      named('second', () => get()),
      named('third', () => tokenOf()),
    );
    void source.get();
    expect(logger.lines.map(({ fields }) => (fields as { source: string }).source)).to.deep.equal(['first', 'second']);
    get = () => 'malformed';
    void source.get();
    void source.get();
    expect(logger.lines).to.have.length(4);
    clock.tick(DAY_MS);
    void source.get();
    expect(logger.lines).to.have.length(6);
  });

  it('warns once a day of a source whose errors differ each time', () => {
    let count = 0;
    const first = named('first', () => {
      throw new Error(`request ${++count} failed`);
    });
    const source = client(
      first,
      named('second', () => tokenOf()),
    );
    for (let i = 0; i < 3; i++) void source.get();
    expect(logger.lines).to.have.length(1);
  });

  it('takes no harm from a logger that fails', () => {
    const token = tokenOf();
    logger.warn = () => {
      throw new Error('disk full');
    };
    expect(
      client(
        failing('first'),
        named('second', () => token),
      ).get(),
    ).to.equal(token);
  });

  it('warns through the logger of the process where it is in no client, and through that of the first client otherwise', () => {
    const registry = globalThis as Record<symbol, unknown>;
    const before = registry[DEFAULT_LOGGER];
    const [ofProcess, second] = [memoryLogger(), memoryLogger()];
    registry[DEFAULT_LOGGER] = ofProcess;
    try {
      const inner = firstOf(
        failing('first'),
        named('second', () => tokenOf()),
      );
      const source = firstOf(inner);
      void inner.get();
      expect([ofProcess, logger].map(({ lines }) => lines.length)).to.deep.equal([1, 0]);
      clock.tick(DAY_MS);
      readTokenSource(source, logger);
      readTokenSource(source, second);
      void source.get();
      expect([ofProcess, logger, second].map(({ lines }) => lines.length)).to.deep.equal([1, 1, 0]);
    } finally {
      registry[DEFAULT_LOGGER] = before;
    }
  });

  it('lists every source with its reason where none gives a token', () => {
    process.env['SECOND_TOKEN'] = ' ';
    const sources = [
      tokenFromEnv('FIRST_TOKEN'),
      tokenFromEnv('SECOND_TOKEN'),
      tokenFromFile(join(folder, 'missing')),
      failing('vault'),
    ];
    expect(() => firstOf(...sources).get())
      .to.throw(ConfigurationError)
      .with.property('message')
      .that.equals(
        'firstOf(FIRST_TOKEN, SECOND_TOKEN, tokenFromFile, vault) gives no token. FIRST_TOKEN is not set. Give it the token of ' +
          'this service. SECOND_TOKEN is set but empty. Give it the token of this service. tokenFromFile names a file that ' +
          'cannot be read (ENOENT). vault failed to give a token: vault is sealed',
      );
  });

  it('is not there itself where no source of it is', () => {
    const token = tokenOf();
    const source = client(
      firstOf(tokenFromEnv('FIRST_TOKEN')),
      named('second', () => token),
    );
    expect(source.get()).to.equal(token);
    expect(logger.lines).to.deep.equal([]);
    for (const [other, isMissing] of [
      [tokenFromEnv('SECOND_TOKEN'), true],
      [failing('vault'), false],
    ] as const) {
      try {
        void firstOf(tokenFromEnv('FIRST_TOKEN'), other).get();
        expect.fail('gave a token');
      } catch (error) {
        expect(isTokenMissing(error as Error)).to.equal(isMissing);
      }
    }
  });

  describe('with async sources', () => {
    it('goes on from one to the next', async () => {
      const token = tokenOf();
      const source = client(
        tokenFromEnv('FIRST_TOKEN'),
        named('rejects', () => Promise.reject(new Error('sealed'))),
        failing('throws'),
        named('gives', () => Promise.resolve(token)),
      );
      expect(await source.get()).to.equal(token);
      expect(logger.lines).to.have.length(2);
      expect(clock.countTimers()).to.equal(0);
    });

    it('stays sync where the first source that gives is', () => {
      const token = tokenOf();
      const source = client(
        named('sync', () => token),
        named('async', () => Promise.resolve(tokenOf())),
      );
      expect(source.get()).to.equal(token);
    });

    it('goes on after 5 s without an answer, and waits longer for the last', async () => {
      const token = tokenOf();
      const silent = named('silent', () => new Promise(() => undefined));
      const source = client(
        silent,
        named('slow', () => new Promise((resolve) => setTimeout(resolve, 10_000, token))),
      );
      const given = Promise.resolve(source.get());
      await clock.tickAsync(4999);
      expect(logger.lines).to.have.length(0);
      await clock.tickAsync(1);
      expect(logger.lines[0]?.fields).to.deep.equal({
        source: 'silent',
        reason: 'silent has given no token for 5 s.',
      });
      await clock.tickAsync(10_000);
      expect(await given).to.equal(token);
    });
  });

  describe('invalidate', () => {
    it('tells the source that gave the token, once, and no other', () => {
      const told: string[] = [];
      const [first, second] = [tokenOf(), tokenOf()];
      let isThere = true;
      const recorded = (name: string, get: () => string): TokenSource => ({
        ...named(name, get),
        invalidate: () => void told.push(name),
      });
      const source = client(
        recorded('first', () => (isThere ? first : '')),
        recorded('second', () => second),
      );
      void source.get();
      isThere = false;
      void source.get();
      source.invalidate?.(tokenOf());
      expect(told).to.deep.equal([]);
      source.invalidate?.(second);
      source.invalidate?.(second);
      source.invalidate?.(first);
      expect(told).to.deep.equal(['second', 'first']);
    });

    it('does nothing to a source that has no invalidate', () => {
      const token = tokenOf();
      const source = client(named('first', () => token));
      void source.get();
      source.invalidate?.(token);
      expect(source.get()).to.equal(token);
    });

    it('tells of no token that the source has replaced since', () => {
      const told: string[] = [];
      const source = client({ get: () => tokenOf(), invalidate: (token) => void told.push(token) });
      const [first, second] = [source.get() as string, source.get() as string];
      source.invalidate?.(first);
      expect(told).to.deep.equal([]);
      source.invalidate?.(second);
      expect(told).to.deep.equal([second]);
    });
  });

  describe('check', () => {
    it('passes where one source can work, or does not say', () => {
      process.env['SECOND_TOKEN'] = tokenOf();
      firstOf(tokenFromEnv('FIRST_TOKEN'), tokenFromEnv('SECOND_TOKEN')).check?.();
      firstOf(tokenFromEnv('FIRST_TOKEN'), failing('vault')).check?.();
    });

    it('throws where none can, with each reason', () => {
      const vault = {
        ...failing('vault'),
        check: () => {
          throw new Error('sealed');
        },
      };
      for (const act of [
        () => firstOf(tokenFromEnv('FIRST_TOKEN'), vault).check?.(),
        () => client(tokenFromEnv('FIRST_TOKEN'), vault),
      ]) {
        expect(act)
          .to.throw(ConfigurationError)
          .with.property('message')
          .that.matches(/^firstOf\(FIRST_TOKEN, vault\) gives no token\. FIRST_TOKEN is not set/)
          .and.contains('vault failed to give a token: sealed');
      }
    });
  });

  it('is called for its sources', () => {
    expect(
      firstOf(
        tokenFromEnv('FIRST_TOKEN'),
        named('vault', () => ''),
      ).name,
    ).to.equal('firstOf(FIRST_TOKEN, vault)');
  });

  it('refuses to be of nothing', () => {
    expect(() => firstOf()).to.throw(ConfigurationError, 'firstOf has no sources');
  });

  for (const value of ['a-secret-token', undefined, null, 7, {}, [], { get: 'a' }]) {
    it(`refuses ${typeof value === 'string' ? 'a text' : show(value)} for a source, without quoting it`, () => {
      expect(() => firstOf(tokenFromEnv(), value as unknown as TokenSource))
        .to.throw(ConfigurationError, 'firstOf takes token sources')
        .with.property('message')
        .that.does.not.contain('a-secret-token');
    });
  }
});
