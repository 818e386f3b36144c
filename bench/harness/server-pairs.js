import { request } from 'undici';
import { assertionHeaders, bearerHeaders, plainHeaders } from '../rows/credentials.js';
import { seldomRows } from './choose-rows.js';
import { interleave } from './interleave.js';
import { load } from './load.js';
import { openSink } from './log-sink.js';
import { startProgram } from './pinned-process.js';
import { median } from './statistics.js';

/**
 * One sample of a server row: a fresh process of it beside a fresh one of its base, loaded in turn.
 *
 * @typedef {object} ServerSample
 * @property {number} cpuMicros CPU time per request
 * @property {number} extraMicros what it is more than the base's beside it
 * @property {number} rps
 * @property {number} p99Ms
 * @property {number} rpsRatio to the base's
 */

const FULL = { warm: 16_000, slice: 5000, slices: 2, maxSeconds: 15 };
const QUICK = { warm: 4000, slice: 1500, slices: 1, maxSeconds: 5 };

/** How many of the requests that check a row are refused. */
const REFUSED = 1;

const CREDENTIALS = { bearer: bearerHeaders, plain: plainHeaders, assertion: assertionHeaders };

/**
 * Measures server rows in fresh pairs of processes.
 *
 * @param {{ module: string, path: string, rows: Readonly<Record<string, import('../rows/apps.js').AppRow>> }} apps
 * @param {readonly string[]} names
 * @param {import('./arguments.js').RunOptions} options
 * @param {readonly string[]} often rows that targets compare
 * @returns {Promise<Map<string, ServerSample[]>>}
 */
export function measurePairs({ module, path, rows }, names, options, often) {
  const plan = options.quick ? QUICK : FULL;
  const measure = async (name) => {
    const row = rows[name];
    const sink = row.sink === undefined ? undefined : await openSink(row.sink);
    const pair = [await startServer(module, row.base, path), await startServer(module, name, path, sink)];
    try {
      // Made for this pair, as an assertion is good for a minute.
      const headers = await CREDENTIALS[row.credentials]();
      await checkAnswers(pair[1].url, headers, row);
      for (const server of pair) await measureLoad(server, headers, plan.warm, plan);
      const slices = [];
      for (let i = 0; i < plan.slices; i++) {
        // The other one first every other time.
        const [first, second] = i % 2 === 0 ? [0, 1] : [1, 0];
        const slice = [];
        slice[first] = await measureLoad(pair[first], headers, plan.slice, plan);
        slice[second] = await measureLoad(pair[second], headers, plan.slice, plan);
        slices.push(slice);
      }
      if (sink !== undefined) await checkLines(pair[1], sink, row);
      return sampleOf(slices);
    } finally {
      await Promise.all(pair.map(({ program }) => program.stop()));
      sink?.remove();
    }
  };
  return interleave(names, options.rounds, measure, seldomRows(names, often, options.only));
}

async function startServer(module, row, path, sink) {
  const env = sink === undefined ? {} : { BENCH_LOG_FILE: sink.ownFile };
  const program = startProgram('app.js', { env, stdout: sink?.fd });
  const port = await program.ask('serve', { module, row });
  return { program, url: `http://127.0.0.1:${port}${path}` };
}

async function measureLoad({ program, url }, headers, requests, { maxSeconds }) {
  const before = await program.ask('usage');
  const { rps, p99Ms } = await load(url, headers, { requests, maxSeconds });
  const after = await program.ask('usage');
  return { rps, p99Ms, cpuMicros: (after.cpuMicros - before.cpuMicros) / (after.served - before.served) };
}

function sampleOf(slices) {
  const of = (pick) => median(slices.map(([base, row]) => pick(row, base)));
  return {
    cpuMicros: of((row) => row.cpuMicros),
    extraMicros: of((row, base) => row.cpuMicros - base.cpuMicros),
    rps: of((row) => row.rps),
    p99Ms: of((row) => row.p99Ms),
    rpsRatio: of((row, base) => row.rps / base.rps),
  };
}

/** A row that refuses everybody, or lets everybody in, would be fast too. */
async function checkAnswers(url, headers, { refuses }) {
  const statusOf = async (sent) => {
    const { statusCode, body } = await request(url, { headers: sent });
    await body.dump();
    return statusCode;
  };
  const accepted = await statusOf(headers);
  const refused = await statusOf(refuses ? forge(headers) : {});
  if (accepted !== 200 || refused !== (refuses ? 401 : 200)) {
    throw new Error(`It answers ${accepted} to good requests and ${refused} to bad ones.`);
  }
}

/** As many lines as requests, once the process has ended: a line that is lost costs nothing. */
async function checkLines({ program }, sink, { lines }) {
  const { served } = await program.ask('settle');
  await program.stop();
  const expected = (served - REFUSED) * lines.good + REFUSED * lines.refused;
  const written = await sink.count();
  if (written !== expected) throw new Error(`${written} lines were written where ${expected} were due.`);
}

/** The same headers, but for the last character of the proof; without a proof, none. */
function forge(headers) {
  const name = ['x-gateway-assertion', 'authorization'].find((proof) => headers[proof] !== undefined);
  if (name === undefined) return {};
  const [head, claims, signature] = headers[name].split('.');
  return { ...headers, [name]: `${head}.${claims}.${signature.split('').reverse().join('')}` };
}
