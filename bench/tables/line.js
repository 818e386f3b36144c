import { seldomRows, chooseRows } from '../harness/choose-rows.js';
import { interleave } from '../harness/interleave.js';
import { openSink } from '../harness/log-sink.js';
import { ratioTarget, reportMicro } from '../harness/micro-table.js';
import { startProgram } from '../harness/pinned-process.js';
import { nameOf, PER_TURN, rows, sinkOf, SINKS } from '../rows/lines.js';

const PLACES = SINKS.flatMap((sink) => PER_TURN.map((perTurn) => [perTurn, sink]));
const PEERS = PLACES.map((place) => nameOf('pino', ...place));

/** The audit line by itself: in `audit` the requests around it hide it. */
export const title = 'line: an audit line without its request, to stdout, µs of CPU; the lines are counted';

/** @param {import('../harness/arguments.js').RunOptions} options */
export async function run(options) {
  const names = chooseRows(Object.keys(rows), PEERS, options.only);
  const often = PLACES.flatMap((place) => [nameOf('ours', ...place), nameOf('pino', ...place)]);
  const measure = (name) => measureLines(name, options.quick ? [300, 150] : [2000, 500]);
  const samples = await interleave(names, options.rounds, measure, seldomRows(names, often, options.only));
  const targets = PLACES.map((place) => {
    const base = nameOf('pino', ...place);
    return ratioTarget(samples, { claim: `audit line / ${base}`, row: nameOf('ours', ...place), base, atMost: 1 });
  });
  return { report: reportMicro(samples, PEERS[0]), samples, targets };
}

async function measureLines(name, [warmMs, measureMs]) {
  const sink = await openSink(sinkOf(name));
  try {
    const program = startProgram('micro.js', { flags: ['--expose-gc'], stdout: sink.fd });
    const micros = await program.ask('measure', { module: 'lines', row: name, warmMs, measureMs });
    const total = await program.ask('total');
    await program.stop();
    const written = await sink.count();
    if (written !== total) throw new Error(`${name}: ${written} lines were written where ${total} were due.`);
    return micros;
  } finally {
    sink.remove();
  }
}
