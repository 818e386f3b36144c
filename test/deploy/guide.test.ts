import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Command } from 'commander';
import { createProgram } from '../../lib/cli/program.js';
import { ROOT } from '../../scripts/files.js';
import { readMarkdown } from '../../scripts/docs/markdown.js';
import { buildIfMissing } from '../examples/run-bakery.js';
import { needsProgram } from '../support/needs-program.js';
import { manifests } from './manifests.js';

const GUIDE = 'docs/guides/rotation.md';
const linesOf = (file: string): string[] => readFileSync(join(ROOT, file), 'utf8').split('\n');

interface Block {
  /** The heading that it stands under. */
  readonly section: string;
  readonly code: string;
}

/** The shell blocks of a document. */
function shellBlocks(file: string): readonly Block[] {
  const lines = linesOf(file);
  return readMarkdown(lines)
    .fences.filter(({ openLine }) => /^\s*```sh$/.test(lines[openLine] ?? ''))
    .map(({ openLine, code }) => {
      const heading = lines.slice(0, openLine).findLast((line) => /^#+ /.test(line));
      return { section: (heading ?? '').replace(/^#+ /, ''), code };
    });
}

/** Every call of the command line in blocks and in the comments of the Secrets, as words; a line that goes on is one. */
function callsIn(texts: readonly string[]): readonly (readonly string[])[] {
  return texts
    .flatMap((text) => text.replaceAll(/\\\n[#\s]*/g, ' ').split('\n'))
    .flatMap((line) => line.replace(/(?:^|\s)#(?!\s+(?:npx|kubectl)).*$/, '').split(/[|;]|&&|\$\(/))
    .flatMap((part) => {
      const [, call] = /(?:^|\s)service-auth ([^<>)]+)/.exec(part) ?? [];
      return call === undefined ? [] : [call.trim().split(/\s+/)];
    });
}

/** What is wrong with a call; undefined: nothing. */
function faultOf(words: readonly string[]): string | undefined {
  const silent = { write: () => true, isTTY: false };
  let command: Command = createProgram({ stdout: silent, stderr: silent, env: {}, cwd: ROOT } as never);
  let rest = words;
  for (;;) {
    const next = command.commands.find((one) => one.name() === rest[0]);
    if (next === undefined) break;
    command = next;
    rest = rest.slice(1);
  }
  if (command.parent === null || command.commands.length > 0) return `no command: ${words.join(' ')}`;
  const unknown = rest.filter((word) => /^--./.test(word) && !command.options.some(({ long }) => long === word));
  return unknown.length === 0 ? undefined : `no option ${unknown.join(' ')}: ${words.join(' ')}`;
}

describe('what the guides say', function () {
  this.timeout(180_000);
  let folder: string;
  let bin: string;

  before(() => {
    buildIfMissing();
    folder = mkdtempSync(join(tmpdir(), 'service-auth-guide-'));
    bin = join(folder, 'bin');
    mkdirSync(bin);
    const shim = join(bin, 'service-auth');
    writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'dist/esm/cli/main.js')}' "$@"\n`);
    chmodSync(shim, 0o755);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  interface Shell {
    readonly cwd: string;
    /** Runs commands, and returns what they print on stdout; fails where one fails. */
    readonly run: (code: string) => string;
  }

  function openShell(): Shell {
    const cwd = mkdtempSync(join(folder, 'work-'));
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, JWT_KEYS_FILE: 'keys.json' };
    return {
      cwd,
      run: (code) => {
        const options = { cwd, env, encoding: 'utf8' } as const;
        const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-euc', `umask 077\n${code}`], options);
        if (status !== 0) throw new Error(`${code}\nexit code ${String(status)}\n${stdout}${stderr}`);
        return stdout;
      },
    };
  }

  const blocksOf = (section: string): readonly string[] =>
    shellBlocks(GUIDE)
      .filter((block) => block.section === section)
      .map(({ code }) => code);
  const keyIdsOf = (shell: Shell): readonly string[] =>
    (JSON.parse(shell.run('service-auth keys list --json')) as { kid: string }[]).map(({ kid }) => kid);
  const verdictOf = (shell: Shell, token: string): unknown =>
    (JSON.parse(shell.run(`service-auth verify --json < ${token} || true`)) as { letIn: boolean }).letIn;
  it('names only commands and options that the command line has', () => {
    const secrets = new Set(manifests().map(({ file }) => file));
    const comments = [...secrets].map((file) => linesOf(join('deploy/kubernetes', file)).join('\n'));
    const blocks = [GUIDE, 'deploy/README.md'].flatMap((file) => shellBlocks(file).map(({ code }) => code));
    const calls = callsIn([...blocks, ...comments]);
    expect(calls.length).to.be.greaterThan(30);
    expect(calls.map(faultOf).filter((fault) => fault !== undefined)).to.deep.equal([]);
    expect(faultOf(['keys', 'rotate', '--key', 'keys.json'])).to.include('no option --key');
    expect(faultOf(['rotate'])).to.include('no command');
  });

  it('of a routine rotation rotates: the old token is good until the drop, and the new one afterwards', function () {
    needsProgram(this, 'jq');
    const shell = openShell();
    shell.run('service-auth keys rotate; service-auth generate sales-service > old.token');
    const [old] = keyIdsOf(shell);
    const [copy, derive, swap, search, drop, ...more] = blocksOf('Routine rotation of a key');
    expect(more).to.be.empty;

    shell.run(copy!);
    expect(keyIdsOf(shell)).to.deep.equal([old]);
    shell.run(derive!);
    expect(readFileSync(join(shell.cwd, 'orders-service.assertion-keys'), 'utf8').trim().split('\n')).to.have.length(2);
    shell.run(swap!);
    expect(keyIdsOf(shell)).to.have.length(2);
    expect(keyIdsOf(shell)[1]).to.equal(old);
    expect(readdirSync(shell.cwd)).not.to.include('next.json');

    shell.run('service-auth generate sales-service > new.token');
    const line = { key_id: old, decision: 'granted', service: 'sales-service' };
    writeFileSync(join(shell.cwd, 'gateway.log'), `${JSON.stringify(line)}\n`);
    expect(shell.run(search!.replace('THE_OLD_ID', old!))).to.match(/^\s*1 sales-service\n$/);
    expect([verdictOf(shell, 'old.token'), verdictOf(shell, 'new.token')]).to.deep.equal([true, true]);
    shell.run(drop!.replaceAll('THE_OLD_ID', old!));
    expect([verdictOf(shell, 'old.token'), verdictOf(shell, 'new.token')]).to.deep.equal([false, true]);
    expect(readFileSync(join(shell.cwd, 'orders-service.assertion-keys'), 'utf8').trim().split('\n')).to.have.length(1);
  });

  it('of a leaked key prepares without effect, and refuses all that it signed once the file is swapped', () => {
    const shell = openShell();
    shell.run('service-auth keys rotate; service-auth generate sales-service > old.token');
    const [leaked] = keyIdsOf(shell);
    const [prepare] = blocksOf('A key leaked');
    shell.run(prepare!.replaceAll('THE_LEAKED_ID', leaked!));
    expect(verdictOf(shell, 'old.token')).to.be.true;
    shell.run('mv next.json keys.json; sed -n "s/^SALES_SERVICE_TOKEN=//p" tokens.env > new.token');
    expect(keyIdsOf(shell)).to.have.length(1).and.not.to.include(leaked);
    expect([verdictOf(shell, 'old.token'), verdictOf(shell, 'new.token')]).to.deep.equal([false, true]);
  });

  it('of a leaked token without an id revokes it, and not its replacement', () => {
    const shell = openShell();
    shell.run('service-auth keys rotate; service-auth generate sales-service > leaked.token');
    const block = blocksOf('A token leaked').find((code) => code.includes('--issued-before now'));
    shell.run(block!);
    expect([verdictOf(shell, 'leaked.token'), verdictOf(shell, 'sales.token')]).to.deep.equal([false, true]);
  });

  it('of the move to ES256 leaves services with public keys that verify its tokens', function () {
    for (const program of ['jq', 'openssl']) needsProgram(this, program);
    const shell = openShell();
    shell.run('service-auth keys rotate');
    const [secret, rotate, hand, ...more] = blocksOf('From HS256 to ES256');
    expect(more).to.be.empty;
    shell.run(secret!);
    const derived = readFileSync(join(shell.cwd, 'orders-service.assertion-keys'), 'utf8').trim().split('\n');
    expect(new Set(derived).size).to.equal(2);
    shell.run(rotate!);
    shell.run('service-auth generate sales-service > sales.token');
    expect(shell.run(hand!)).to.include('ES256');
    expect(readFileSync(join(shell.cwd, 'public-keys.json'), 'utf8')).not.to.include('PRIVATE');
  });

  it('of Kubernetes moves the files of the key directory so that the new key signs and the old one verifies', () => {
    const shell = openShell();
    shell.run('mkdir jwt-keys; service-auth keys generate > jwt-keys/current');
    const signer = (): unknown =>
      (
        JSON.parse(shell.run('service-auth keys list --json --keys jwt-keys')) as { kid: string; signs: boolean }[]
      ).find(({ signs }) => signs)?.kid;
    const applied = 'apply_keys() { ls jwt-keys; }\napply_assertion_keys() { :; }\nkubectl() { :; }\n';
    const steps = blocksOf('On Kubernetes').filter((code) => /^apply_keys$/m.test(code));
    expect(steps).to.have.length(3);
    const before = signer();
    const names = shell.run(`${applied}${steps[0]!}`);
    expect(names).to.equal('current\nprevious-next\n');
    expect(signer()).to.equal(before);
    expect(shell.run(`${applied}${steps[1]!}`)).to.equal('current\nprevious-1\n');
    expect(signer()).not.to.equal(before);
    expect(shell.run(`${applied}${steps[2]!}`)).to.equal('current\n');
  });
});
