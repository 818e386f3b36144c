import { renameSync } from 'node:fs';
import { expect } from 'chai';
import { deriveAssertionKey } from '../../lib/shared/assertion-keys.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTestCli, headerOf, type TestCli } from '../cli/cli.js';
import { newSecret } from '../support/keys.js';
import { mountSecret } from '../support/mounted-secret.js';
import { withoutNock } from '../support/without-nock.js';
import { ask, eventually, type Load, startLoad } from './load.js';
import { expectNoPieceOfAny, type Running, startProcess } from './processes.js';

// K5
describe('keys that are rotated three times under load', function () {
  this.timeout(180_000);
  withoutNock();
  let cli: TestCli;
  let running: Running[];
  let load: Load;
  let stopLoad: () => Promise<void>;
  /** What the commands said that do not print a token. */
  let said: string;

  beforeEach(() => {
    cli = createTestCli();
    running = [];
    said = '';
    stopLoad = () => Promise.resolve();
  });
  afterEach(async () => {
    await stopLoad();
    await Promise.all(running.map((one) => one.stop()));
    cli.remove();
  });

  const start = async (keys: string, tokens: () => readonly string[]): Promise<void> => {
    const service = await startProcess('service', { KEYS: keys });
    running.push(service);
    const gateway = await startProcess('gateway', { KEYS: keys, ORDERS_URL: service.url });
    running.push(gateway);
    load = startLoad({ gateway: gateway.url, service: service.url }, tokens);
    stopLoad = load.stop;
  };
  const ok = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli.run(args, { env: { JWT_KEYS_FILE: 'keys.json' } });
    expect(code, stderr).to.equal(0);
    said += stderr + (args[0] === 'keys' ? stdout : '');
    return stdout.trim();
  };
  const answersEverywhere = async (token: string, wanted: string): Promise<boolean> => {
    const answers = await Promise.all(running.map(({ url }) => ask(url, token)));
    return answers.every((answer) => answer === wanted);
  };
  const isRefusedEverywhere = (token: string): Promise<boolean> => answersEverywhere(token, '401 invalid_token');
  const areTold = (level: string, message: string): boolean =>
    running.every(({ lines }) => lines(message).some((line) => line.level === level));

  /** A state that is broken, for as long as it takes the processes to complain; it is no reason to refuse anybody, or to let anybody in. */
  const breakForAWhile = async (breakIt: () => void, mend: () => void): Promise<void> => {
    breakIt();
    await eventually(() => areTold('error', 'Key ring could not be read again'));
    await load.goOn(100);
    expect(await isRefusedEverywhere(createServiceToken('sales-service', { keys: newSecret() }))).to.equal(true);
    mend();
    await eventually(() => areTold('info', 'Key ring can be read again'));
  };

  /** All was answered well, those of dropped keys are refused, the last one is not, and nobody wrote a key or a token. */
  const expectAllWell = async (tokens: readonly string[], secrets: readonly string[]): Promise<void> => {
    await load.stop();
    const answers = load.answers();
    expect(Object.keys(answers), JSON.stringify(answers)).to.have.members(['gateway 200', 'service 200']);
    expect(answers['gateway 200']).to.be.at.least(500);
    const last = tokens.at(-1) as string;
    for (const token of tokens) {
      expect(await answersEverywhere(token, token === last ? '200' : '401 invalid_token')).to.equal(true);
    }
    const derived = secrets.map((current) => deriveAssertionKey('orders-service', { keys: { current } }));
    const written = running.map(({ output }) => output()).join('\n') + said;
    expectNoPieceOfAny([...tokens, ...secrets, ...derived], written);
  };

  const currentKey = (): string => (JSON.parse(cli.read('keys.json')) as { current: { key: string } }).current.key;

  /** What somebody writes who neither writes beside and renames, nor gets to the end. */
  const breakFile = async (): Promise<void> => {
    const whole = cli.read('keys.json');
    await breakForAWhile(
      () => cli.write('keys.json', whole.slice(0, whole.length / 2)),
      () => {
        renameSync(cli.write('keys.json.whole', whole), cli.path('keys.json'));
      },
    );
  };

  it('lose no request, and a token of a dropped key is refused: a key file, by the command line', async () => {
    await ok('keys', 'rotate');
    const issued = [await ok('generate', 'sales-service')];
    const secrets = [currentKey()];
    let inUse = [...issued];
    await start(cli.path('keys.json'), () => inUse);
    for (let rotation = 1; rotation <= 3; rotation++) {
      await load.goOn(150);
      await ok('keys', 'rotate');
      secrets.push(currentKey());
      // At once, beside the old one: nobody has to wait until a process has looked at the file.
      issued.push(await ok('generate', 'sales-service'));
      inUse = issued.slice(-2);
      await load.goOn(200);
      if (rotation === 2) await breakFile();
      inUse = issued.slice(-1);
      await load.settled();
      await load.goOn(50);
      const old = issued.at(-2) as string;
      expect(await answersEverywhere(old, '200')).to.equal(true);
      await ok('keys', 'drop', '--', String(headerOf(old)['kid']));
      await eventually(() => isRefusedEverywhere(old));
    }
    await load.goOn(50);
    await expectAllWell(issued, secrets);
  });

  it('lose no request, and a token of a dropped key is refused: a directory as Kubernetes mounts a secret', async () => {
    const secrets = Array.from({ length: 4 }, newSecret);
    const tokens = secrets.map((keys) => createServiceToken('sales-service', { keys }));
    const mount = mountSecret(cli.directory, { current: secrets[0] as string });
    let inUse = tokens.slice(0, 1);
    await start(mount.path, () => inUse);
    for (let rotation = 1; rotation <= 3; rotation++) {
      await load.goOn(150);
      const [previous, current] = secrets.slice(rotation - 1, rotation + 1) as [string, string];
      const both = { current, previous };
      mount.write(both);
      inUse = tokens.slice(rotation - 1, rotation + 1);
      await load.goOn(200);
      if (rotation === 2) {
        await breakForAWhile(
          () => mount.write({ ...both, current: 'too-short' }),
          () => mount.write(both),
        );
      }
      inUse = tokens.slice(rotation, rotation + 1);
      await load.settled();
      await load.goOn(50);
      const old = tokens[rotation - 1] as string;
      expect(await answersEverywhere(old, '200')).to.equal(true);
      mount.write({ current });
      await eventually(() => isRefusedEverywhere(old));
    }
    await load.goOn(50);
    await expectAllWell(tokens, secrets);
  });
});
