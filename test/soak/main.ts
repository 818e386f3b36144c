/**
 * `npm run soak [-- rounds]`: 1,000 rounds of every fault through a gateway, and as many tenants deleted from twelve services, one request
 * in ten with a fault; exit code 1 where anything is left behind.
 */
import { deleteManyTenants, heapComplaints } from './deletions.js';
import { complaints, soak } from './soak.js';

const rounds = Number(process.argv[2] ?? 1000);
const KB = 1024;
const row = (...cells: readonly unknown[]): void => {
  console.log(cells.map((cell, index) => String(cell).padEnd(index === 0 ? 34 : 15)).join(''));
};

row('fault', 'rounds', 'answers', 'sockets left', 'listeners', 'heap KB', 'rss MB');
await soak(rounds, (result) => {
  const { fault, answers, before, after } = result;
  const change = (name: 'heap' | 'rss', unit: number): string => {
    const by = Math.round((after[name] - before[name]) / unit);
    return `${String(Math.round(after[name] / unit))} (${by < 0 ? '' : '+'}${String(by)})`;
  };
  const told = Object.entries(answers).map(([answer, count]) => `${answer}: ${String(count)}`);
  row(
    fault,
    result.rounds,
    told.join(', '),
    after.sockets,
    `+${String(after.listeners - before.listeners)}`,
    change('heap', KB),
    change('rss', KB * KB),
  );
  for (const complaint of complaints(result)) {
    console.log(`  LEFT BEHIND: ${complaint}`);
    process.exitCode = 1;
  }
});

// The first and the last tenants are compared: a tenth of them each.
const tenth = Math.ceil(rounds / 10);
console.log();
row('deletion of tenants', 'deletes', 'other', 'faults', 'sessions', 'heap KB');
const deletions = await deleteManyTenants([tenth, 4 * tenth, 4 * tenth, tenth], (part) => {
  const { tenants, deletes, gets, faults, sessions, heap } = part;
  row(`${String(tenants)} more`, deletes, gets, faults, sessions, Math.round(heap / KB));
  for (const complaint of part.complaints) complain(complaint);
});
for (const complaint of heapComplaints(deletions)) complain(complaint);

function complain(complaint: string): void {
  console.log(`  WRONG: ${complaint}`);
  process.exitCode = 1;
}
