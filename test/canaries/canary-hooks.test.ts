import { expect } from 'chai';
import { type CanaryRun, runWithCanaries } from '../support/canary-run.js';

const LOADER = ['--import', 'ts-blank-space/register'];
const MOCHA = [...LOADER, 'node_modules/mocha/bin/mocha.js', '--no-config', '--extension', 'ts'];
const WATCHED = ['--require', 'test/support/setup.ts', '--require', 'test/support/canary-hooks.ts'];

const runLeaky = (env: NodeJS.ProcessEnv): Promise<CanaryRun> =>
  runWithCanaries([...MOCHA, ...WATCHED, 'test/canaries/leaky.ts'], env);

/** What `test/canaries/leaky.ts` gives away, one test each. */
const CHANNELS = [
  'console.log',
  'console.error of an object',
  'process.stdout.write',
  'process.stderr.write',
  'a warning',
  'a piece of 20 characters',
  'a piece of a signature',
  'a payload',
  'a token made by hand',
  'the bytes of a secret in hexadecimal',
  'a secret in base64',
  'a private key of EC',
  'a private key of RSA in a line of JSON',
  'a derived key',
  'the difference that a failed test shows',
  'the error that a failed test throws',
  'winston with an error',
  'winston with a text and an error',
  'winston with an error among the fields',
  'a log file of winston',
  'a log file that is gone at the end',
  'a reason of a refusal',
  'a cause of a refusal',
  'a field that was added to a refusal',
  'the message of a configuration error',
  'the body in a service request error',
  'a hidden field of a service request error',
];

describe('the search for canaries', function () {
  this.timeout(180_000);
  let leaky: CanaryRun;
  let clean: CanaryRun;
  before(async () => {
    leaky = await runLeaky({ LEAK: '1' });
    clean = await runLeaky({});
  });

  it('finds nothing in the same tests where they keep their secrets', () => {
    expect(clean.leaks).to.deep.equal([]);
    expect(clean.status, clean.stdout).to.equal(0);
    expect(clean.stdout).to.include(`${CHANNELS.length + 1} passing`);
    expect(clean.secrets).to.be.greaterThan(CHANNELS.length);
    expect(clean.errors).to.equal(6);
  });

  for (const channel of CHANNELS) {
    it(`finds ${channel}`, () => {
      expect(leaky.leaks.some(({ label }) => label.includes(`(a leak ${channel})`))).to.equal(true);
    });
  }

  it('finds the title of a test', () => {
    expect(leaky.leaks.some(({ label }) => label.includes('(while loading)'))).to.equal(true);
  });

  it('tells where each was found, and shows none itself', () => {
    const told = leaky.leaks.map(({ channel, label, context }) => [channel, label, context].join(' '));
    expect(new Set(leaky.leaks.map(({ channel }) => channel.split(',')[0]))).to.include.keys(
      'stdout',
      'stderr',
      'a file stream',
      'winston.log',
      'InvalidTokenError: message',
      'InvalidTokenError: cause',
      'ServiceRequestError: inspect',
    );
    for (const text of told) expect(text).not.to.match(/[\w-]{20}/);
  });
});
