import { renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import type { Generation } from '../../../lib/cli/gateway/generation.js';
import { createReloader, type Reloader } from '../../../lib/cli/gateway/reloader.js';
import { newSecret } from '../../support/keys.js';
import { mountSecret } from '../../support/mounted-secret.js';
import { eventually } from '../../support/redis-rig.js';
import { createTestCli, type TestCli } from '../cli.js';
import { testSources, type TestSources } from './sources.js';

const KEYS = 'keys: { file: keys.json }';
const textWith = (...lines: readonly string[]): string => [KEYS, ...lines, ''].join('\n');
const route = (path: string): string => `routes: { ${path}: http://any-service }`;
const routesOf = ({ config }: Generation): string => Object.keys(config.routes).join();

describe('createReloader', function () {
  this.timeout(60_000);
  let cli: TestCli;
  let sources: TestSources;
  let installed: string[];
  let reloader: Reloader | undefined;
  beforeEach(() => {
    cli = createTestCli();
    cli.write('keys.json', JSON.stringify({ current: newSecret() }));
    cli.write('gateway.yaml', textWith(route('/a')));
    sources = testSources(cli);
    installed = [];
  });
  afterEach(() => {
    reloader?.close();
    reloader = undefined;
    cli.remove();
  });

  const start = (readyWithinMs?: number): Reloader => {
    const made = createReloader(
      sources.file,
      sources.tools,
      (generation) => installed.push(routesOf(generation)),
      readyWithinMs,
    );
    if (!('current' in made)) throw new Error(JSON.stringify(made));
    reloader = made;
    return made;
  };
  const problems = (): readonly unknown[] =>
    sources.logger.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields?.['problems']);

  it('loads the file, and tells all that is wrong with the first one', () => {
    expect(routesOf(start().current())).to.equal('/a');
    expect(installed).to.deep.equal([]);
    cli.write('gateway.yaml', textWith('pubic: []', route('/a')));
    expect(createReloader(sources.file, sources.tools, () => undefined)).to.have.length(1);
    rmSync(cli.path('gateway.yaml'));
    expect(() => createReloader(sources.file, sources.tools, () => undefined)).to.throw(/--config names a file/);
  });

  it('reads the file again when it is told to', async () => {
    const { reload, current } = start();
    cli.write('gateway.yaml', textWith(route('/b')));
    await reload();
    expect([routesOf(current()), installed]).to.deep.equal(['/b', ['/b']]);
    expect(sources.logger.lines.at(-1)).to.deep.equal({
      level: 'info',
      message: 'Configuration reloaded',
      fields: { file: 'gateway.yaml', routes: 1 },
    });
  });

  it('makes one of several calls at once', async () => {
    const { reload } = start();
    cli.write('gateway.yaml', textWith(route('/b')));
    await Promise.all([reload(), reload(), reload()]);
    expect(installed).to.deep.equal(['/b']);
    await reload();
    expect(installed).to.deep.equal(['/b', '/b']);
  });

  it('follows the file without being told', async () => {
    const { current } = start();
    cli.write('gateway.yaml', textWith(route('/b')));
    await eventually(() => routesOf(current()) === '/b');
    cli.write('other.yaml', textWith(route('/c')));
    renameSync(cli.path('other.yaml'), cli.path('gateway.yaml'));
    await eventually(() => routesOf(current()) === '/c');
    expect(problems()).to.deep.equal([]);
  });

  it('follows a mounted directory, whose files are swapped by a symbolic link', async () => {
    const files = (path: string) => ({ 'gateway.yaml': textWith(route(path)), 'keys.json': cli.read('keys.json') });
    const mount = mountSecret(cli.directory, files('/a'));
    sources = testSources(cli, join(basename(mount.path), 'gateway.yaml'));
    const { current } = start();
    mount.write(files('/b'));
    await eventually(() => routesOf(current()) === '/b');
    expect(problems()).to.deep.equal([]);
  });

  it('keeps what is in force where the file is wrong or gone, says so once, and takes the next good one', async () => {
    const { reload, current } = start();
    const before = current();
    cli.write('gateway.yaml', textWith(route('/b'), 'pubic: []'));
    await reload();
    rmSync(cli.path('gateway.yaml'));
    await reload();
    await eventually(() => problems().length === 3);
    expect(problems().map((list) => String(list).replace(/ The| Did|\. .*/, ''))).to.deep.equal([
      "gateway.yaml:3:1 'pubic' is not an option of the configuration",
      '--config names a file that does not exist (ENOENT)',
      '--config names a file that does not exist (ENOENT)',
    ]);
    expect(current()).to.equal(before);
    cli.write('gateway.yaml', textWith(route('/c')));
    await eventually(() => routesOf(current()) === '/c');
    expect(sources.logger.lines.map(({ message }) => message)).to.include('Configuration can be read again');
    expect(installed).to.deep.equal(['/c']);
  });

  it('does not say twice what a signal has shown to be wrong', async () => {
    const { reload, current } = start();
    cli.write('gateway.yaml', textWith(route('/b'), 'pubic: []'));
    await reload();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    cli.write('gateway.yaml', textWith(route('/c')));
    await eventually(() => routesOf(current()) === '/c');
    expect(problems()).to.have.length(1);
  });

  it('takes what is wrong with a file that it names for a mistake too, until a signal finds it mended', async () => {
    const { reload, current } = start();
    cli.write('gateway.yaml', ['keys: { file: other.json }', route('/b'), ''].join('\n'));
    await reload();
    expect(String(problems()[0])).to.match(/^gateway\.yaml:1:15 keys\.file names a file that does not exist/);
    cli.write('other.json', JSON.stringify({ current: newSecret() }));
    await reload();
    expect(routesOf(current())).to.equal('/b');
  });

  it('takes over nothing of what would need a restart', async () => {
    const { reload, current } = start();
    cli.write('gateway.yaml', textWith(route('/b'), 'listen: { port: 1 }'));
    await reload();
    expect(String(problems()[0])).to.match(/^gateway\.yaml listen\.port cannot change while the gateway runs/);
    expect(routesOf(current())).to.equal('/a');
  });

  describe('where revocations are in Redis', () => {
    const inRedis = (path: string, variable = 'REDIS_URL'): string =>
      textWith(route(path), `revocations: { redis: ${variable} }`);

    it('keeps the list that it has, where that is the same', async () => {
      cli.write('gateway.yaml', inRedis('/a'));
      const { reload, current } = start();
      sources.lists[0]?.read();
      cli.write('gateway.yaml', inRedis('/b'));
      await reload();
      expect([routesOf(current()), sources.lists.length]).to.deep.equal(['/b', 1]);
      expect(sources.lists[0]?.isClosed).to.equal(false);
    });

    it('waits until another list has been read', async () => {
      cli.write('gateway.yaml', inRedis('/a'));
      const { reload, current } = start();
      cli.write('gateway.yaml', inRedis('/b', 'OTHER_URL'));
      const reloaded = reload();
      await eventually(() => sources.lists.length === 2);
      expect(routesOf(current())).to.equal('/a');
      sources.lists[1]?.read();
      await reloaded;
      expect(routesOf(current())).to.equal('/b');
      expect(sources.lists.map(({ isClosed }) => isClosed)).to.deep.equal([true, false]);
    });

    it('keeps what is in force where it cannot be read, or not in time', async () => {
      const { reload, current } = start(20);
      cli.write('gateway.yaml', inRedis('/b'));
      await reload();
      cli.write('gateway.yaml', inRedis('/c'));
      const failing = reload();
      await eventually(() => sources.lists.length === 2);
      sources.lists[1]?.fail();
      await failing;
      expect(problems().map(String)).to.satisfy((all: string[]) =>
        all.every((text) => text.includes('revocations could not be read in time')),
      );
      expect([routesOf(current()), problems().length]).to.deep.equal(['/a', 2]);
      expect(sources.lists.every(({ isClosed }) => isClosed)).to.equal(true);
    });

    it('drops what becomes ready after the end, and begins nothing more', async () => {
      const { reload, close } = start();
      cli.write('gateway.yaml', inRedis('/b'));
      const waiting = reload();
      await eventually(() => sources.lists.length === 1);
      const after = reload();
      close();
      reloader = undefined;
      sources.lists[0]?.read();
      await Promise.all([waiting, after]);
      expect([installed, sources.lists.map(({ isClosed }) => isClosed)]).to.deep.equal([[], [true]]);
    });
  });
});
