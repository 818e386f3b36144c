import { expect } from 'chai';
import { problemInWords } from '../../../lib/cli/gateway/config-problem.js';
import { type Loaded, loadGeneration } from '../../../lib/cli/gateway/load-generation.js';
import { createSourcePool } from '../../../lib/cli/gateway/source-pool.js';
import type { WatchedRevocationList } from '../../../lib/server/revocation/watched-revocations.js';
import { newEcPair, newSecret } from '../../support/keys.js';
import { recordingLogger } from '../../support/recording-logger.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import { createTestCli, type TestCli } from '../cli.js';

const BASE = ['keys: { file: keys.json }', 'routes: { /api/v1/orders: "http://orders-service:8000" }'];

const LIST: WatchedRevocationList = {
  isRevoked: () => false,
  ready: () => Promise.resolve(),
  stalenessSeconds: () => 0,
  entries: () => [],
  close: () => Promise.resolve(),
};

describe('loadGeneration', () => {
  let cli: TestCli;
  const secret = newSecret();
  beforeEach(() => {
    cli = createTestCli();
    cli.write('keys.json', JSON.stringify({ current: secret }));
    cli.write('pair.json', JSON.stringify({ current: newEcPair().privatePem }));
    cli.write('weak.json', JSON.stringify({ current: 'secret' }));
    cli.write('revocations.json', '{ "version": 1, "revocations": [] }');
    cli.write('bad-revocations.json', '{ "version": 1, "revocations": [{ "nobody": 1 }] }');
    cli.write('text', 'nothing');
  });
  afterEach(() => {
    cli.remove();
  });

  const load = (text: string, env: Readonly<Record<string, string>> = {}, format: 'YAML' | 'JSON' = 'YAML'): Loaded =>
    loadGeneration(
      text,
      { directory: cli.directory, cwd: cli.directory, env: { REDIS_URL: 'redis://127.0.0.1:1', ...env }, format },
      {
        ...{ env, pool: createSourcePool(), logger: recordingLogger() },
        onTlsChange: () => undefined,
        redisList: () => LIST,
      },
    );
  const problemsOf = (...args: Parameters<typeof load>): readonly string[] => {
    const { generation, problems = [] } = load(...args);
    generation?.retire();
    return problems.map((problem) => problemInWords('g.yaml', problem));
  };

  it('takes the least that is needed, with the defaults of the rest', () => {
    const { generation } = load(BASE.join('\n'));
    expect(generation?.config).to.deep.include({
      name: 'gateway',
      listen: { host: '0.0.0.0', port: 8080 },
      tls: undefined,
      assertionKeys: undefined,
      revocations: undefined,
      routes: { '/api/v1/orders': { url: 'http://orders-service:8000', service: undefined } },
      public: [],
      forwardAuthorization: false,
      trustedProxies: [],
      timeouts: { connectTimeoutMs: undefined, responseTimeoutMs: undefined, idleTimeoutMs: undefined },
      limits: {
        headersTimeoutMs: 30_000,
        requestTimeoutMs: 300_000,
        keepAliveTimeoutMs: 75_000,
        maxHeaderBytes: 16_384,
        maxConnections: undefined,
      },
      drain: { delayMs: 5000, idleMs: 5000, timeoutMs: 20_000 },
      health: { livePath: '/healthz', readyPath: '/readyz' },
      clockToleranceSeconds: undefined,
      cacheSize: undefined,
      logLevel: undefined,
    });
    generation?.retire();
  });

  it('takes every setting', () => {
    const text = `
name: api-gateway
listen: { host: 127.0.0.1, port: 0 }
keys: { file: keys.json, signAfterSeconds: 120 }
assertionKeys: { file: pair.json }
revocations: { redis: REDIS_URL, redisPrefix: 'mine:', maxStalenessSeconds: 300 }
routes:
  /api/v1/orders: http://orders-service:8000
  /api/v1/sales: { url: http://10.0.0.7:8000, service: sales-service }
public: [POST /api/v1/auth/login]
forwardAuthorization: true
trustedProxies: &proxies [10.0.0.0/8, loopback]
timeouts: { connectTimeoutMs: 1, responseTimeoutMs: 2, idleTimeoutMs: 3 }
limits: { headersTimeoutMs: 1000, requestTimeoutMs: 2000, keepAliveTimeoutMs: 3000, maxHeaderBytes: 4096, maxConnections: 5 }
drain: { delayMs: 0, idleMs: 1, timeoutMs: 2 }
health: { livePath: /live, readyPath: /ready }
clockToleranceSeconds: 0
cacheSize: 10
logLevel: warn
`;
    const { generation, problems } = load(text);
    expect(problems).to.equal(undefined);
    expect(generation?.config).to.deep.include({
      name: 'api-gateway',
      listen: { host: '127.0.0.1', port: 0 },
      public: ['POST /api/v1/auth/login'],
      forwardAuthorization: true,
      trustedProxies: ['10.0.0.0/8', 'loopback'],
      timeouts: { connectTimeoutMs: 1, responseTimeoutMs: 2, idleTimeoutMs: 3 },
      drain: { delayMs: 0, idleMs: 1, timeoutMs: 2 },
      health: { livePath: '/live', readyPath: '/ready' },
      clockToleranceSeconds: 0,
      cacheSize: 10,
      logLevel: 'warn',
    });
    expect(generation?.config.revocations).to.include({ kind: 'redis', keyPrefix: 'mine:', maxStalenessSeconds: 300 });
    generation?.retire();
  });

  /** A line that replaces one of the base or is added; where the mistake is; what is said of it; and the line without it. */
  const TABLE: readonly (readonly [wrong: string, place: string, message: RegExp, right: string])[] = [
    ['rotues: {}', '3:1', /'rotues' is not an option of the configuration\. Did you mean 'routes'\?/, 'public: []'],
    ['name: A_b', '3:7', /name must be a service name/, 'name: a-b'],
    ['name:', '3:1', /name must be a text such as api-gateway, not empty/, 'name: a'],
    ["name: ''", '3:7', /name must be a text .* not an empty string/, 'name: a'],
    ['name: 3', '3:7', /name must be a text .* not 3/, "name: 'a3'"],
    ['name: *nobody', '3:7', /name must be a text .* not empty/, 'name: a'],
    [
      'listen: { host: a, prot: 1 }',
      '3:20',
      /listen\.prot: 'prot' .* Did you mean 'port'/,
      'listen: { host: a, port: 1 }',
    ],
    [
      'listen: { port: 65536 }',
      '3:17',
      /listen\.port must be a whole number from 0 to 65535, not 65536/,
      'listen: { port: 65535 }',
    ],
    ["listen: { port: '80' }", '3:17', /listen\.port must be a whole number/, 'listen: { port: 80 }'],
    ['listen: { port: }', '3:11', /listen\.port must be a number, not empty/, 'listen: { port: 80 }'],
    ['listen: [80]', '3:9', /listen must be names with values, such as host: …, not an array/, 'listen: {}'],
    [
      'keys: { file: nowhere.json }',
      '1:15',
      /keys\.file names a file that does not exist/,
      'keys: { file: keys.json }',
    ],
    ['keys: { file: weak.json }', '1:15', /'current' in keys\.file /, 'keys: { file: keys.json }'],
    [
      'keys: { file: "a\\nb" }',
      '1:15',
      /keys\.file must be the path of a file, not what stands in it/,
      'keys: { file: keys.json }',
    ],
    [
      'keys: { file: keys.json, signAfterSeconds: 86401 }',
      '1:44',
      /keys\.signAfterSeconds must be a whole number/,
      'keys: { file: keys.json, signAfterSeconds: 86400 }',
    ],
    ['keys: { file: pair.json }', '1:15', /assertionKeys is needed/, 'keys: { file: keys.json }'],
    [
      `keys: { file: keys.json, current: ${secret} }`,
      '1:26',
      /keys\.current would be a secret in this file\. Write it to a key file/,
      'keys: { file: keys.json }',
    ],
    [
      `keys: ${secret}`,
      '1:7',
      /keys must be names with values, such as file: …\. A secret has no place here\. Write it/,
      'keys: { file: keys.json }',
    ],
    [
      `jwtSecretKey: ${secret}`,
      '3:1',
      /jwtSecretKey would be a secret in this file\. Keys stand in a file that keys\.file names/,
      'public: []',
    ],
    [`${secret}: 1`, '3:1', /….* a name is not an option of the configuration/, 'public: []'],
    ['assertionKeys: {}', '3:16', /assertionKeys needs file/, 'assertionKeys: { file: pair.json }'],
    [
      'assertionKeys: { file: keys.json }',
      '3:24',
      /assertionKeys holds a key of tokens/,
      'assertionKeys: { file: pair.json }',
    ],
    [
      'assertionKeys: { file: text }',
      '3:24',
      /assertionKeys\.file holds no JSON/,
      'assertionKeys: { file: pair.json }',
    ],
    [
      `assertionKeys: { secret: ${secret} }`,
      '3:18',
      /assertionKeys\.secret would be a secret/,
      'assertionKeys: { file: pair.json }',
    ],
    [
      'revocations: {}',
      '3:14',
      /revocations must have one of two: file, or redis/,
      'revocations: { file: revocations.json }',
    ],
    ['revocations: none', '3:14', /revocations must be names with values/, 'revocations: { file: revocations.json }'],
    [
      'revocations: { file: revocations.json, redis: REDIS_URL }',
      '3:14',
      /one of two/,
      'revocations: { redis: REDIS_URL }',
    ],
    [
      'revocations: { file: bad-revocations.json }',
      '3:22',
      /revocations\[0\] in revocations\.file is wrong/,
      'revocations: { file: revocations.json }',
    ],
    [
      'revocations: { file: nowhere }',
      '3:22',
      /revocations\.file names a file that does not exist/,
      'revocations: { file: revocations.json }',
    ],
    [
      'revocations: { file: revocations.json, redisPrefix: a }',
      '3:53',
      /redisPrefix belongs to redis/,
      'revocations: { redis: REDIS_URL, redisPrefix: a }',
    ],
    [
      `revocations: { redis: 'redis://:${secret}@redis:6379' }`,
      '3:23',
      /revocations\.redis must be the name of a variable/,
      'revocations: { redis: REDIS_URL }',
    ],
    [
      'revocations: { redis: NOWHERE_URL }',
      '3:23',
      /the variable NOWHERE_URL, which is not set/,
      'revocations: { redis: REDIS_URL }',
    ],
    [
      'revocations: { redis: EMPTY_URL }',
      '3:23',
      /the variable EMPTY_URL, which is empty/,
      'revocations: { redis: REDIS_URL }',
    ],
    [
      'revocations: { redis: BAD_URL }',
      '3:23',
      /revocations\.redis must be a URL such as redis:/,
      'revocations: { redis: REDIS_URL }',
    ],
    [
      'revocations: { redis: }',
      '3:16',
      /revocations\.redis must be a text such as REDIS_URL, not empty/,
      'revocations: { redis: REDIS_URL }',
    ],
    [
      'revocations: { redis: REDIS_URL, maxStalenessSeconds: 4 }',
      '3:55',
      /maxStalenessSeconds must be a whole number from 5/,
      'revocations: { redis: REDIS_URL, maxStalenessSeconds: 5 }',
    ],
    ['tls: { cert: text }', '3:6', /tls needs key/, ''],
    ['tls: { cert: text, key: text }', '3:14', /tls\.cert names a file that holds no certificate/, ''],
    ['routes: {}', '2:9', /routes must have a route/, BASE[1]!],
    ['routes: [a]', '2:9', /routes must be names with values/, BASE[1]!],
    ['routes: { /a: }', '2:11', /routes\.\/a must be a text such as http/, BASE[1]!],
    ['routes: { /a: {} }', '2:15', /routes\.\/a needs url/, BASE[1]!],
    [
      'routes: { /a/: http://a }',
      '2:11',
      /routes\.\/a\/ must have a plain path as its key/,
      'routes: { /a: http://a }',
    ],
    [
      'routes: { a/b: { url: a-service:8000 } }',
      '2:11',
      /routes\.a\/b must have a plain path as its key/,
      'routes: { /a/b: { url: http://a-service:8000 } }',
    ],
    [
      'routes: { a/b: { url: a-service:8000 } }',
      '2:23',
      /routes\.a\/b\.url must lead to an http or https URL/,
      'routes: { /a/b: { url: http://a-service:8000 } }',
    ],
    [
      'routes: { /a: http://127.0.0.1:8000 }',
      '2:15',
      /Give it: \{ url: 'http:\/\/127\.0\.0\.1:8000', service: 'orders-service' \}/,
      "routes: { /a: { url: 'http://127.0.0.1:8000', service: 'orders-service' } }",
    ],
    ['x: 1', '3:1', /'x' is not an option of the configuration\. Known options: name, listen, /, 'public: []'],
    ['routes: { /a: ftp://a }', '2:15', /routes\.\/a must lead to an http or https URL/, 'routes: { /a: http://a }'],
    [
      'routes: { /a: http://localhost }',
      '2:15',
      /leads to localhost, which does not tell/,
      'routes: { /a: { url: http://localhost, service: a } }',
    ],
    [
      'routes: { /a: { url: http://10.0.0.1, service: A } }',
      '2:48',
      /routes\.\/a\.service must be a service name/,
      'routes: { /a: { url: http://10.0.0.1, service: a } }',
    ],
    [
      'routes: { /a: { ulr: 3, url: http://a } }',
      '2:17',
      /routes\.\/a\.ulr: 'ulr' .* Did you mean 'url'/,
      'routes: { /a: { url: http://a } }',
    ],
    [`routes: { ${secret}: http://a }`, '2:11', /routes\.… must have a plain path/, 'routes: { /a: http://a }'],
    ['? [routes]\n: 1', '3:3', /'' is not an option/, 'public: []'],
    ['public: POST /a', '3:9', /public must be a list such as/, 'public: [POST /a]'],
    [
      'public: [GET /a, /b]',
      '3:18',
      /public\[1\] holds an entry that is not a method and an exact path/,
      'public: [GET /a, GET /b]',
    ],
    ['public: [3]', '3:10', /public\[0\] must be a text/, 'public: [GET /3]'],
    ['public: [GET /a, ]', '', /^$/, 'public: []'],
    ['forwardAuthorization: yes', '3:23', /forwardAuthorization must be true or false/, 'forwardAuthorization: true'],
    [
      'forwardAuthorization:',
      '3:1',
      /forwardAuthorization must be true or false, not empty/,
      'forwardAuthorization: false',
    ],
    [
      'trustedProxies: [0.0.0.0/0]',
      '3:18',
      /trustedProxies\[0\] must not hold '0\.0\.0\.0\/0'/,
      'trustedProxies: [10.0.0.0/8]',
    ],
    [
      'trustedProxies: [unix]',
      '3:18',
      /trustedProxies\[0\] may hold addresses .*, 'loopback' and 'private', not/,
      'trustedProxies: [loopback]',
    ],
    ['trustedProxies: [true]', '3:18', /trustedProxies\[0\] must be a text/, 'trustedProxies: [private]'],
    [
      'timeouts: { connectTimeoutMs: 0 }',
      '3:31',
      /timeouts\.connectTimeoutMs must be a whole number from 1/,
      'timeouts: { connectTimeoutMs: 1 }',
    ],
    ['limits: { maxHeaderBytes: 10 }', '3:27', /limits\.maxHeaderBytes must/, 'limits: { maxHeaderBytes: 1024 }'],
    ['drain: { delayMs: -1 }', '3:19', /drain\.delayMs must/, 'drain: { delayMs: 0 }'],
    ['drain: { delaySeconds: 5 }', '3:10', /Did you mean|Known options/, 'drain: { delayMs: 5 }'],
    [
      'health: { livePath: /a, readyPath: /a }',
      '3:9',
      /two different paths/,
      'health: { livePath: /a, readyPath: /b }',
    ],
    ['health: { livePath: live }', '3:21', /health\.livePath must be a plain path/, 'health: { livePath: /live }'],
    ['health: { readyPath: /a?b }', '3:22', /health\.readyPath must be a plain path/, 'health: { readyPath: /a }'],
    ['clockToleranceSeconds: 61', '3:24', /clockToleranceSeconds must/, 'clockToleranceSeconds: 60'],
    ['logLevel: loud', '3:11', /logLevel must be one of error, warn/, 'logLevel: debug'],
    ['logLevel: 3', '3:11', /logLevel must be a text/, 'logLevel: error'],
  ];
  const ENV = { EMPTY_URL: ' ', BAD_URL: 'http://redis' };
  const withLine = (line: string): string => {
    const [keys, routes] = BASE as [string, string];
    if (line.startsWith('keys:')) return `${line}\n${routes}\n`;
    if (line.startsWith('routes:')) return `${keys}\n${line}\n`;
    return `${keys}\n${routes}\n${line}\n`;
  };

  for (const [wrong, place, message, right] of TABLE) {
    const title = wrong.replaceAll(secret, '<secret>').replaceAll('\n', ' ');
    it(place === '' ? `takes ${title}` : `refuses ${title}`, () => {
      const problems = problemsOf(withLine(wrong), ENV);
      if (place !== '') {
        const told = problems.find((problem) => message.test(problem)) ?? problems.join('\n');
        expect(told).to.match(message);
        expect(told.split(' ')[0]).to.equal(`g.yaml:${place}`);
      } else expect(problems).to.deep.equal([]);
      expectNoPieceOf(secret, problems.join('\n'));
      if (right !== '') expect(problemsOf(withLine(right), ENV)).to.deep.equal([]);
    });
  }

  it('tells all mistakes at once, in the order of the file, those in other files too', () => {
    const problems = problemsOf('keys: { file: weak.json }\nname: 3\nroutes: { /a: http://a }\npubic: []');
    expect(problems.map((line) => line.split(' ')[0])).to.deep.equal(['g.yaml:1:15', 'g.yaml:2:7', 'g.yaml:4:1']);
  });

  it('tells that routes are missing, or everything', () => {
    expect(problemsOf('keys: { file: keys.json }')).to.match(/^g\.yaml:1:1 The configuration needs routes/);
    expect(problemsOf('')[0]).to.match(
      /^g\.yaml:1:1 The configuration must be names with values, such as name: …, not empty/,
    );
    expect(problemsOf('[1]')[0]).to.match(/^g\.yaml:1:1 The configuration must be names .*, not an array/);
  });

  describe('a text of the wrong form', () => {
    const FORMS: readonly (readonly [text: string, place: string, message: RegExp])[] = [
      ['name: a\nname: b', '2:1', /second time/],
      ['routes:\n\t- a', '2:1', /A tab/],
      ['name: "a', '1:9', /is missing here/],
      ['name: a: b', '1:7', /Two settings stand in one line/],
      ['name: a\n---\nname: b', '2:1', /A second document/],
      [']', '1:1', /does not fit/],
      ['{"a": 1 "b": 2}', '1:7', /A comma or a bracket is missing/],
      ['name: [a, b', '1:12', /The \[ that was opened at 1:7 is not closed: its \] is missing/],
      ['name: {a: "b}', '1:14', /A quote, .* is missing here/],
    ];
    for (const [text, place, message] of FORMS) {
      it(`is told of with its place: ${JSON.stringify(text)}`, () => {
        const problems = problemsOf(text);
        expect(problems).to.have.length(1);
        expect(problems[0])
          .to.match(message)
          .and.match(/The file is no valid YAML\.$/);
        expect(problems[0]?.split(' ')[0]).to.equal(`g.yaml:${place}`);
      });
    }
  });

  describe('a text that would keep the process busy', () => {
    it('is refused where it has too many names, values and signs', () => {
      const listOf = (values: number): string => [...BASE, `public: [${'GET /a, '.repeat(values)}]`].join('\n');
      expect(problemsOf(listOf(30_000))).to.deep.equal([
        'g.yaml The configuration is too long: it has more than 100,000 names, values and signs.',
      ]);
      expect(problemsOf(listOf(3000))).to.deep.equal([]);
    });

    it('is refused where its aliases stand for too much', () => {
      const listOf = (aliases: number): string =>
        [...BASE, `public: [&one GET /a, ${'*one, '.repeat(aliases)}]`].join('\n');
      expect(problemsOf(listOf(10_001))).to.match(
        /^g\.yaml:3:\d+ The aliases \(\*\) up to this one stand for more than 10,000 values/,
      );
      expect(problemsOf(listOf(10_000))).to.deep.equal([]);
    });
  });

  describe('JSON', () => {
    const json = { keys: { file: 'keys.json' }, routes: { '/a': 'http://a' } };

    it('is read, whatever it is indented with', () => {
      for (const indent of [0, 2, '\t']) {
        expect(problemsOf(JSON.stringify(json, null, indent), {}, 'JSON')).to.deep.equal([]);
      }
    });

    it('has places too', () => {
      const text = JSON.stringify({ ...json, routes: { '/a': 'a' } }, null, 2);
      expect(problemsOf(text, {}, 'JSON')[0]).to.match(/^g\.yaml:6:11 routes\.\/a must lead to/);
      expect(problemsOf(text.slice(0, -2), {}, 'JSON')[0]).to.match(/^g\.yaml:7:4 .*The file is no valid JSON\.$/);
    });

    it('is told of with the place of what is wrong with it', () => {
      expect(problemsOf('{\n  "name": "a",\n}', {}, 'JSON')).to.deep.equal([
        'g.yaml:2:14 Nothing follows this comma. Remove it. The file is no valid JSON.',
      ]);
      expect(problemsOf('// A comment\n{}', {}, 'JSON')).to.match(/^g\.yaml:1:1 JSON has no comments/);
      expect(problemsOf('', {}, 'JSON')).to.match(/^g\.yaml:1:1 The configuration must be names .* not empty/);
      expect(problemsOf('{"name": "a", "name": "b"}', {}, 'JSON')).to.match(/^g\.yaml:1:15 This name .* valid JSON\.$/);
    });

    it('is not YAML under its name', () => {
      expect(problemsOf(BASE.join('\n'), {}, 'JSON')).to.deep.equal([
        'g.yaml:1:1 The file is YAML and no JSON. Let its name end in .yaml, or write it as JSON.',
      ]);
      expect(problemsOf(BASE.join('\n'))).to.deep.equal([]);
    });
  });

  describe('without keys in it', () => {
    const text = BASE[1]!;

    it('takes those of the environment', () => {
      expect(problemsOf(text, { JWT_KEYS_FILE: 'keys.json' })).to.deep.equal([]);
      expect(problemsOf(text, { JWT_SECRET_KEY: secret })).to.deep.equal([]);
      expect(problemsOf(`keys: { signAfterSeconds: 5 }\n${text}`, { JWT_KEYS_FILE: 'keys.json' })).to.deep.equal([]);
    });

    it('says so where there are none there, or wrong ones', () => {
      expect(problemsOf(text)[0]).to.match(
        /^g\.yaml:1:1 keys\.file is not given, and neither JWT_KEYS_FILE nor JWT_SECRET_KEY is set/,
      );
      expect(problemsOf(text, { JWT_SECRET_KEY: 'weak' })[0]).to.match(/JWT_SECRET_KEY/);
      expect(problemsOf(text, { JWT_KEYS_FILE: '' })[0]).to.match(/JWT_KEYS_FILE is set but empty/);
      expect(problemsOf(text, { JWT_KEYS_FILE: 'nowhere' })[0]).to.match(
        /JWT_KEYS_FILE names a file that does not exist/,
      );
    });

    it('takes the name of the environment, too', () => {
      const env = { JWT_SECRET_KEY: secret, SERVICE_NAME: 'edge' };
      const { generation } = load(text, env);
      expect(generation?.config.name).to.equal('edge');
      generation?.retire();
      expect(problemsOf(text, { ...env, SERVICE_NAME: 'No Name' })[0]).to.match(/SERVICE_NAME/);
    });
  });
});
