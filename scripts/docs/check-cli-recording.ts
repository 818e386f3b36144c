import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  try {
    return checkDocument(directory, fix);
  } finally {
    rmSync(directory, { recursive: true, force: true });
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
  env['PATH'] = `${directory}:${String(process.env['PATH'])}`;
  return (command) => {
    const { stdout, status } = spawnSync('script', ['-qec', standIns.undo(command), '/dev/null'], {
      cwd: directory,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 60_000,
    });
    const text = standIns.apply(stdout.replaceAll('\r\n', '\n').trimEnd());
    return status === 0 ? text : `${text}\n(exit code ${String(status)})`;
  };
}
