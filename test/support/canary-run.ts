import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/files.js';
import { type CanaryRecord, RECORD_FILE } from './canary-process.js';
import { type CanaryRegistry, createCanaryRegistry } from './canary-registry.js';

/** A leak, told without the secret. */
export interface FoundLeak {
  readonly channel: string;
  readonly label: string;
  /** The text around it, with `…` in its place. */
  readonly context: string;
}

/** What a watched program did. */
export interface CanaryRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly leaks: readonly FoundLeak[];
  readonly secrets: number;
  readonly errors: number;
  /** How many characters were looked through: all that it printed, and all logs that it left. */
  readonly characters: number;
}

/**
 * Runs a program of Node's with every secret of it known, and looks for pieces of them in what it prints, in the log files that
 * it leaves, and in every rendering of its errors.
 *
 * @param args - of `node`; `test/support/canary-hooks.ts` must be loaded by them
 */
export async function runWithCanaries(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CanaryRun> {
  const folder = mkdtempSync(join(tmpdir(), 'canaries-'));
  try {
    const temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    const child = spawn(process.execPath, ['--disable-warning=DEP0205', ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env, SERVICE_AUTH_CANARIES: folder, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
    }
    const [status] = (await once(child, 'close')) as [number | null];

    const record = JSON.parse(readFileSync(join(folder, RECORD_FILE), 'utf8')) as CanaryRecord;
    const registry = createCanaryRegistry();
    for (const [text, label] of record.secrets) registry.addText(text, label);
    const texts = Object.entries({ ...output, ...logsIn(temporary) });
    const outside = texts.flatMap(([channel, text]) => leaksIn(registry, channel, text));
    return {
      status,
      ...output,
      leaks: [...record.leaks.map(({ channel, label }) => ({ channel, label, context: '' })), ...outside],
      secrets: record.secrets.length,
      errors: record.errors,
      characters: texts.reduce((sum, [, text]) => sum + text.length, 0),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function leaksIn(registry: CanaryRegistry, channel: string, text: string): readonly FoundLeak[] {
  const leaks = registry.leaksIn(text);
  return leaks.map(({ label, at, length }, index) => {
    // Up to its neighbours and no further: beside the piece of a token stands its other piece, or its header.
    const { at: start, length: taken } = leaks[index - 1] ?? { at: 0, length: 0 };
    const before = text.slice(start + taken, at).slice(-40);
    const after = text.slice(at + length, leaks[index + 1]?.at).slice(0, 20);
    return { channel, label, context: `${before}…${after}`.replaceAll(/[\w-]{20,}/g, '…') };
  });
}

/** What is left of logs. Other files of tests are tokens and keys, mounted on purpose. */
function logsIn(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(?:log|jsonl|ndjson)$/.test(path))
    .filter((path) => statSync(join(folder, path)).isFile());
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}
