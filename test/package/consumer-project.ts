import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');

interface Manifest {
  readonly bin: { readonly 'service-auth': string };
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** What the package says of itself. */
export const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

/** What a TypeScript user of the package has installed besides it. */
const TYPES = ['@types/node', '@types/express', '@types/express-serve-static-core', '@types/passport'];

/** A program's standard output; a failure tells all that the program said. */
async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env };
  // The programs run what is in dist, which is nothing to measure.
  delete env['NODE_V8_COVERAGE'];
  delete env['NODE_OPTIONS'];
  try {
    const { stdout } = await exec(command, args, { cwd, env, timeout: 60_000, maxBuffer: 16 * 1024 * 1024 });
    return stdout;
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`, { cause });
  }
}

/** The tarball that `npm publish` would send, made from dist as it is. */
export class Tarball {
  readonly #folder = mkdtempSync(join(tmpdir(), 'service-auth-package-'));

  static async pack(): Promise<Tarball> {
    const tarball = new Tarball();
    await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', tarball.#folder], ROOT);
    return tarball;
  }

  get #path(): string {
    const name = readdirSync(this.#folder).find((file) => file.endsWith('.tgz'));
    return join(this.#folder, name ?? 'npm pack made no tarball');
  }

  /** The files in it, without the `package/` before each. */
  async files(): Promise<string[]> {
    const list = await run('tar', ['-tzf', this.#path], this.#folder);
    return list
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replace(/^package\//, ''));
  }

  /** A project in which the package is installed, its declared dependencies and no others, and an Express. */
  async install(name: string, express: 'express' | 'express4'): Promise<ConsumerProject> {
    const project = new ConsumerProject(join(this.#folder, name));
    const target = project.path('node_modules/service-auth');
    mkdirSync(target, { recursive: true });
    await run('tar', ['-xzf', this.#path, '--strip-components=1', '-C', target], this.#folder);
    project.link('express', express);
    for (const dependency of [...Object.keys(manifest.dependencies), ...TYPES]) {
      project.link(dependency, dependency);
    }
    return project;
  }

  /** Takes it, and every project made of it, off the disk. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A user's project. */
export class ConsumerProject {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  path(file: string): string {
    return join(this.#folder, file);
  }

  link(name: string, installedAs: string): void {
    const link = this.path(`node_modules/${name}`);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', installedAs), link);
  }

  write(file: string, content: string): void {
    mkdirSync(dirname(this.path(file)), { recursive: true });
    writeFileSync(this.path(file), content);
  }

  /** Runs a program in a process of its own; the value is the JSON of its last line. */
  async runProgram(file: string, content: string): Promise<unknown> {
    this.write(file, content);
    const output = await run(process.execPath, [this.path(file)], this.#folder);
    return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '');
  }

  /** Runs the program that the package brings, as npm links it: its exit code and what it printed. */
  runBin(args: readonly string[], env: Readonly<Record<string, string>>): { code: number | null; output: string } {
    const bin = this.path(join('node_modules/service-auth', manifest.bin['service-auth']));
    const { status, stdout, stderr } = spawnSync(bin, args, {
      cwd: this.#folder,
      env: { PATH: process.env['PATH'], ...env },
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { code: status, output: stdout + stderr };
  }

  /** Type-checks a folder that has a tsconfig.json. */
  async compile(folder: string): Promise<void> {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [tsc, '--project', this.path(folder)], this.#folder);
  }
}
