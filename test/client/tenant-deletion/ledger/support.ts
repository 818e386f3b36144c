import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { DeletionLedger, LedgerPart } from '../../../../lib/client/tenant-deletion/ledger/deletion-ledger.js';
import type { Holder, LedgerRecord } from '../../../../lib/client/tenant-deletion/ledger/ledger-records.js';
import {
  isTenantDeletionError,
  type TenantDeletionError,
} from '../../../../lib/client/tenant-deletion/tenant-deletion-error.js';

export const LOG = '0123456789abcdef';
export const AT = '2030-01-02T03:04:05.000Z';

/** Waits for a rejection that is a `TenantDeletionError`; any other fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<TenantDeletionError> {
  try {
    await promise;
  } catch (error) {
    if (!isTenantDeletionError(error)) throw error;
    return error;
  }
  return expect.fail('nothing was rejected');
}

/** A directory for each test of the suite that calls this. */
export function directoryOfTest(): () => string {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'service-auth-ledger-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return () => directory;
}

export function textsOf({ lines }: LedgerPart): readonly string[] {
  return lines.map(({ text }) => text);
}

export async function everyText(ledger: DeletionLedger, log = LOG): Promise<readonly string[]> {
  return textsOf(await ledger.read(log, 0));
}

/** A holder on a machine of which nothing is known. */
export function farHolder(id = 'far'): Holder {
  return { id, pid: 1, machine: 'elsewhere boot pid:[1]' };
}

/** Adds records as they are. */
export async function add(ledger: DeletionLedger, ...records: readonly LedgerRecord[]): Promise<void> {
  for (const record of records) await ledger.append(LOG, JSON.stringify(record));
}

/** Takes the lock for another, by what is in the log: `epoch` is the one after the last. */
export async function addLock(
  ledger: DeletionLedger,
  epoch: number,
  { holder = farHolder(), at = AT }: { readonly holder?: Holder; readonly at?: string } = {},
): Promise<void> {
  const { end } = await ledger.read(LOG, 0);
  await add(ledger, { type: 'lock', epoch, seen: end, holder, at });
}

/** A process that runs a module's text. */
export interface LedgerProcess {
  readonly pid: number;
  /** What it has printed so far, on stdout and stderr. */
  readonly output: () => string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly stop: () => Promise<void>;
}

const FOLDER = new URL('../../../../lib/client/tenant-deletion/ledger/', import.meta.url);

/**
 * Runs a module in a process of its own.
 *
 * @param text - JavaScript; `argument` in it is the text after it, `ledgerOf(argument)` the ledger that it names,
 *   `folder(file)` what a file of the ledger exports
 */
export function runLedgerModule(text: string, argument: string): LedgerProcess {
  const prelude = [
    'const argument = process.argv[1];',
    `const folder = (file) => import(${JSON.stringify(FOLDER.href)} + file);`,
    'const ledgerOf = async (where) => where.startsWith("redis:")',
    '  ? (await folder("redis-ledger.ts")).redisLedger({ url: where }) : (await folder("file-ledger.ts")).fileLedger(where);',
    `const LOG = ${JSON.stringify(LOG)};`,
  ];
  const loader = ['--disable-warning=DEP0205', '--import', import.meta.resolve('ts-blank-space/register')];
  const flags = [...loader, '--input-type=module', '--eval'];
  const child = spawn(process.execPath, [...flags, `${prelude.join('\n')}\n${text}`, argument], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      output += piece;
    });
  }
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => (code ?? signal) as number | string);
  return {
    pid: child.pid!,
    output: () => output,
    ended,
    kill: (signal) => void child.kill(signal),
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
