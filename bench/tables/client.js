import { chooseRows } from '../harness/choose-rows.js';
import { again } from '../harness/micro-table.js';
import { CORES, startProgram } from '../harness/pinned-process.js';
import { figure, layOut } from '../harness/print.js';
import { median, noise, spread } from '../harness/statistics.js';
import { AXIOS, rows } from '../rows/clients.js';

const MANY = 16;
const FULL = { warm: 6000, slice: 600, slices: 6 };
const QUICK = { warm: 1000, slice: 200, slices: 3 };

/** One small DELETE with a token, its JSON answer read. */
export const title = `client: one small DELETE over kept connections, one after the other and ${MANY} at a time`;

/** @param {import('../harness/arguments.js').RunOptions} options */
export async function run(options) {
  const names = chooseRows(Object.keys(rows), [AXIOS], options.only);
  const upstream = startProgram('upstream.js', { core: CORES.load });
  try {
    const url = `http://127.0.0.1:${await upstream.ask('serve')}/tenant/tenant-1`;
    const samples = new Map(names.map((name) => [name, []]));
    for (let round = 0; round < options.rounds; round++) {
      await measureRound(samples, url, upstream, options.quick ? QUICK : FULL);
    }
    return { report: report(samples), samples, targets: targetsOf(samples) };
  } finally {
    await upstream.stop();
  }
}

/** All clients in fresh processes, warmed, and then in turn for short slices: what slows the machine meets all of them. */
async function measureRound(samples, url, upstream, { warm, slice, slices }) {
  const clients = [...samples.keys()].map((row) => ({ row, program: startProgram('client.js'), sent: [] }));
  try {
    for (const { row, program } of clients) {
      await program.ask('prepare', { row });
      const before = await upstream.ask('counts');
      await send(program, url, warm);
      const after = await upstream.ask('counts');
      // Sent once each, and none without its token.
      if (after.served - before.served !== 2 * warm || after.withBearer - before.withBearer !== 2 * warm) {
        throw new Error(`${row} did not send every request once, with a token.`);
      }
    }
    for (let i = 0; i < slices; i++) {
      for (const { program, sent } of i % 2 === 0 ? clients : clients.toReversed()) {
        await send(program, url, 50);
        sent.push(await send(program, url, slice));
      }
    }
    for (const { row, sent } of clients) samples.get(row)?.push(sampleOf(sent, clients[0].sent));
  } finally {
    await Promise.all(clients.map(({ program }) => program.stop()));
  }
}

async function send(program, url, requests) {
  const one = await program.ask('send', { url, requests, atOnce: 1 });
  return { one, many: await program.ask('send', { url, requests, atOnce: MANY }) };
}

/** The middle of a row's slices, and of their ratios to the slices of axios beside them: more than 1 is faster. */
function sampleOf(sent, base) {
  const of = (way) => {
    const middle = (pick) => median(sent.map((slice, i) => pick(slice[way], base[i][way])));
    return {
      cpuMicros: middle((own) => own.cpuMicros),
      rps: middle((own) => own.rps),
      cpuRatio: middle((own, peer) => peer.cpuMicros / own.cpuMicros),
      rpsRatio: middle((own, peer) => own.rps / peer.rps),
    };
  };
  return { one: of('one'), many: of('many') };
}

function report(samples) {
  const lines = [...samples].map(([name, of]) => [name, ...shown(of, 'one'), ...shown(of, 'many')]);
  const head = (way) => [`${way}: CPU µs`, 'spread', 'requests/s', '× axios'];
  return layOut(['row', ...head('1'), ...head(String(MANY))], lines);
}

function shown(of, way) {
  const cpu = valuesOf(of, way, 'cpuMicros');
  const { low, high } = spread(cpu);
  const [rps, ratio] = ['rps', 'rpsRatio'].map((field) => figure(median(valuesOf(of, way, field))));
  return [figure(median(cpu)), `${figure(low)}–${figure(high)}`, rps, ratio];
}

function valuesOf(of, way, field) {
  return of.map((sample) => sample[way][field]);
}

function targetsOf(samples) {
  const target = (way, field, words) => {
    const measured = median(valuesOf(samples.get('ours') ?? [], way, field));
    const control = noise(valuesOf(samples.get(again(AXIOS)) ?? [], way, field), 1);
    return { claim: `client, ${words} / axios`, measured, atLeast: 1.5, noise: control * measured };
  };
  return [
    target('one', 'rpsRatio', 'requests/s one at a time'),
    target('many', 'rpsRatio', `requests/s ${MANY} at a time`),
    target('one', 'cpuRatio', 'by CPU, one at a time'),
    target('many', 'cpuRatio', `by CPU, ${MANY} at a time`),
  ];
}
