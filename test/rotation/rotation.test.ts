import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { createServiceToken } from '../../lib/shared/token.js';
import { createTestCli, headerOf, type TestCli } from '../cli/cli.js';
import { newSecret } from '../support/keys.js';
import { mountSecret } from '../support/mounted-secret.js';
import { expectNoPieceOf } from '../support/refusals.js';
import { ask, eventually, type Load, startLoad } from './load.js';
import { type Running, startProcess } from './processes.js';

// K5
describe('keys that are rotated three times under load', function () {
  this.timeout(120_000);
  let cli: TestCli;
  let running: Running[];
  let load: Load | undefined;

  beforeEach(() => {
    cli = createTestCli();
    running = [];
  });
  afterEach(async () => {
    await load?.stop();
    load = undefined;
    for (const one of running) await one.stop();
    cli.remove();
  });

  const start = async (keys: string): Promise<readonly [gateway: Running, service: Running]> => {
    const service = await startProcess('service', { KEYS: keys });
    running.push(service);
    const gateway = await startProcess('gateway', { KEYS: keys, ORDERS_URL: service.url });
    running.push(gateway);
    return [gateway, service];
  };
  const ok = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli.run(args, { env: { JWT_KEYS_FILE: 'keys.json' } });
    expect(code, stderr).to.equal(0);
    return stdout.trim();
  };
  const expectNoFailure = async (): Promise<void> => {
    await load?.stop();
    const answers = load?.answers() ?? {};
    expect(Object.keys(answers), JSON.stringify(answers)).to.have.members(['gateway 200', 'service 200']);
    expect(Object.values(answers).reduce((sum, count) => sum + count)).to.be.greaterThan(300);
  };

  it('lose no request, and a token of a dropped key is refused: a key file, by the command line', async () => {
    await ok('keys', 'rotate');
    const [gateway, service] = await start(cli.path('keys.json'));
    const issued = [await ok('generate', 'sales-service')];
    let inUse = [...issued];
    load = startLoad({ gateway: gateway.url, service: service.url }, () => inUse);
    const keysSeen = [cli.read('keys.json')];
    for (let rotation = 1; rotation <= 3; rotation++) {
      await wait(500);
      await ok('keys', 'rotate');
      keysSeen.push(cli.read('keys.json'));
      // At once, beside the old one: nobody has to wait until a process has looked at the file.
      issued.push(await ok('generate', 'sales-service'));
      inUse = issued.slice(-2);
      await wait(500);
      inUse = issued.slice(-1);
      if (rotation === 2) await breakForAWhile(running);
      // What is under way with the old one ends first.
      await wait(300);
      await ok('keys', 'drop', '--', String(headerOf(issued.at(-2) as string)['kid']));
    }
    await wait(300);
    await expectNoFailure();
    const last = issued.at(-1) as string;
    for (const { url } of running) {
      for (const dropped of issued.slice(0, -1)) {
        await eventually(async () => (await ask(url, dropped)) === '401 invalid_token');
      }
      expect(await ask(url, last)).to.equal('200');
    }
    const output = running.map((one) => one.output()).join();
    for (const token of issued) expectNoPieceOf(token.split('.')[2] as string, output);
    for (const text of keysSeen) {
      for (const [, key] of text.matchAll(/"key": "([^"]+)"/g)) expectNoPieceOf(key as string, output);
    }
  });

  /** Half a file, for as long as it takes the processes to complain, while requests go on. */
  async function breakForAWhile(processes: readonly Running[]): Promise<void> {
    const path = cli.path('keys.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.slice(0, -20));
    const complains = ({ output }: Running): boolean => output().includes('Key ring could not be read again');
    await eventually(() => processes.every(complains));
    writeFileSync(`${path}.whole`, text, { mode: 0o600 });
    renameSync(`${path}.whole`, path);
    await eventually(() => processes.every(({ output }) => output().includes('Key ring can be read again')));
  }

  it('lose no request: a directory as Kubernetes mounts a secret', async () => {
    const secrets = Array.from({ length: 4 }, newSecret);
    const tokens = secrets.map((keys) => createServiceToken('sales-service', { keys }));
    const [first] = secrets as [string];
    const mount = mountSecret(cli.directory, { current: first });
    const [gateway, service] = await start(mount.path);
    let inUse = tokens.slice(0, 1);
    load = startLoad({ gateway: gateway.url, service: service.url }, () => inUse);
    for (let rotation = 1; rotation <= 3; rotation++) {
      await wait(500);
      const [old, current] = secrets.slice(rotation - 1, rotation + 1) as [string, string];
      mount.write({ current, previous: old });
      inUse = tokens.slice(rotation - 1, rotation + 1);
      await wait(500);
      inUse = tokens.slice(rotation, rotation + 1);
      await wait(300);
      mount.write({ current });
    }
    await wait(300);
    await expectNoFailure();
    for (const { url } of running) {
      await eventually(async () => (await ask(url, tokens[2] as string)) === '401 invalid_token');
      expect(await ask(url, tokens[3] as string)).to.equal('200');
    }
  });
});
