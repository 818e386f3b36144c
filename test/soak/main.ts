/** `npm run soak [-- rounds]`: 1,000 rounds of every fault through a gateway; exit code 1 where anything is left behind. */
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
