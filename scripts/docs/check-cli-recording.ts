import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FOREIGN_SETTINGS } from '../../test/support/environment.js';
import { ROOT } from '../files.js';
import { readMarkdown } from './markdown.js';
import { createStandIns } from './recording-stand-ins.js';

const DOCUMENT = 'docs/cli.md';

/**
 * Every `console` block of docs/cli.md is what a terminal shows: its lines that begin with `$ ` are run one after the other, in one
 * directory and before a pseudo-terminal, and what differs between two runs (ids, keys, tokens, times) is replaced by stand-ins. With
 * `fix` the blocks that differ are rewritten.
 */
export function checkCliRecording({ fix }: { readonly fix: boolean }): string[] {
  if (spawnSync('script', ['--version']).error !== undefined) {
    console.log(`${DOCUMENT}: skipped: script not installed`);
    return [];
  }
  const directory = mkdtempSync(join(tmpdir(), 'service-auth-recording-'));
  const services = startServices(directory);
  try {
    return checkDocument(directory, fix);
  } finally {
    services.stdin.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Those that the commands ask; they come up when the commands have made a key file. */
function startServices(directory: string): ReturnType<typeof spawn> & { readonly stdin: NodeJS.WritableStream } {
  const args = [
    '--disable-warning=DEP0205',
    '--import',
    'ts-blank-space/register',
    'scripts/docs/recorded-services.ts',
  ];
  return spawn(process.execPath, [...args, directory], { cwd: ROOT, stdio: ['pipe', 'ignore', 'inherit'] });
}

/** Waits for them without letting anybody else have a turn, as the recorder does for its commands. */
function waitForServices(directory: string): void {
  for (let tries = 0; !existsSync(join(directory, 'bakery.json')); tries++) {
    if (tries > 600) throw new Error('The services for the recording did not come up.');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
}

function checkDocument(directory: string, fix: boolean): string[] {
  const lines = readFileSync(join(ROOT, DOCUMENT), 'utf8').split('\n');
  const record = createRecorder(directory);
  // In their order, as one builds on what another left.
  const blocks = readMarkdown(lines)
    .fences.filter(({ language }) => language === 'console')
    .map((fence) => ({ fence, recorded: recordBlock(fence.code, record) }))
    .filter(({ fence, recorded }) => fence.code !== recorded);
  if (!fix) {
    return blocks.map(({ fence, recorded }) => {
      const shown = recorded.replaceAll(/^/gm, '  ');
      return `${DOCUMENT}:${String(fence.openLine + 1)}: differs from what the commands print; \`npm run docs:fix\`\n${shown}`;
    });
  }
  for (const { fence, recorded } of blocks.reverse()) {
    lines.splice(fence.openLine + 1, fence.closeLine - fence.openLine - 1, ...recorded.split('\n'));
  }
  if (blocks.length > 0) {
    writeFileSync(join(ROOT, DOCUMENT), lines.join('\n'));
    console.log(`${DOCUMENT}: recorded anew`);
  }
  return [];
}

function recordBlock(code: string, record: (command: string) => string): string {
  const commands = code.split('\n').filter((line) => line.startsWith('$ '));
  return commands.map((line) => `${line}\n${record(line.slice(2))}`.trimEnd()).join('\n\n');
}

function createRecorder(directory: string): (command: string) => string {
  const program = `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, 'dist/esm/cli/main.js')}" "$@"\n`;
  writeFileSync(join(directory, 'service-auth'), program, { mode: 0o755 });
  const standIns = createStandIns(directory);
  const env: NodeJS.ProcessEnv = { ...process.env, JWT_KEYS_FILE: 'keys.json', SHELL: '/bin/bash' };
  for (const name of FOREIGN_SETTINGS.filter((one) => one !== 'JWT_KEYS_FILE')) {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a copy, and the names are our own constants
    delete env[name];
  }
  env['SERVICE_TOKEN_FILE'] = 'orchestrator.token';
  env['PATH'] = `${directory}:${String(process.env['PATH'])}`;
  return (command) => {
    if (command.includes('bakery.json')) waitForServices(directory);
    const { stdout, status } = spawnSync(
      'script',
      ['-qec', `stty rows 50 columns 160; ${standIns.undo(command)}`, '/dev/null'],
      {
        cwd: directory,
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: 60_000,
      },
    );
    const text = standIns.apply(onScreen(stdout.replaceAll('\r\n', '\n')).trimEnd());
    return status === 0 ? text : `${text}\n(exit code ${String(status)})`;
  };
}

// eslint-disable-next-line no-control-regex -- how a terminal is told to go up and erase
const ERASED = /\r?\u001B\[(\d+)A\u001B\[0J/;

/** What is left of an output whose program went up some lines and erased them. */
function onScreen(output: string): string {
  const [first = '', ...rest] = output.split(ERASED);
  let text = first;
  for (let i = 0; i < rest.length; i += 2) {
    const lines = text.split('\n');
    text = [...lines.slice(0, lines.length - 1 - Number(rest[i])), ''].join('\n') + (rest[i + 1] ?? '');
  }
  return text;
}
