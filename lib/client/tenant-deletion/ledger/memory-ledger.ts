import type { DeletionLedger, LedgerLine } from './deletion-ledger.js';

/** A ledger that is gone with the process: for tests, and for what need not survive it. */
export function memoryLedger(): DeletionLedger {
  const logs = new Map<string, LedgerLine[]>();
  return {
    name: 'the memory of this process',
    append(log, text) {
      const lines = logs.get(log) ?? [];
      lines.push({ text, position: lines.length });
      logs.set(log, lines);
      return Promise.resolve();
    },
    read(log, position) {
      const lines = logs.get(log) ?? [];
      return Promise.resolve({ lines: lines.slice(position), end: lines.length, next: lines.length });
    },
    close: () => Promise.resolve(),
  };
}
