import { readdirSync, readFileSync } from 'node:fs';

/**
 * The CPU time that a process and its children have had so far, by the kernel's account: the same for Node and for others.
 *
 * @param {number} pid
 * @returns {number} µs; NaN where the kernel does not tell (only Linux does)
 */
export function cpuMicrosOf(pid) {
  try {
    let nanos = 0;
    const children = [];
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanos += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
      children.push(...readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean));
    }
    return nanos / 1000 + children.reduce((sum, child) => sum + cpuMicrosOf(Number(child)), 0);
  } catch {
    return Number.NaN;
  }
}
