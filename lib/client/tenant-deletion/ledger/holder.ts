import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Holder } from './ledger-records.js';

let machine: string | undefined;

/** Names this process, for the lock of one run. */
export function newHolder(): Holder {
  machine ??= machineName();
  return { id: randomUUID(), pid: process.pid, machine };
}

/** Tells whether a process is known to be dead: one of this machine that does not exist any more. Of others nothing is known. */
export function isKnownDead({ pid, machine: itsMachine }: Holder): boolean {
  machine ??= machineName();
  if (itsMachine !== machine) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Containers of one machine see other processes each, and may have one name: on Linux the boot and the process namespace tell. */
function machineName(): string {
  return [
    hostname(),
    orNothing(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    orNothing(() => readlinkSync('/proc/self/ns/pid')),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function orNothing(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
