import { request } from 'undici';
import { chooseRows, seldomRows } from '../harness/choose-rows.js';
import { startGatewayCommand } from '../harness/gateway-command.js';
import { interleave } from '../harness/interleave.js';
import { load, loadGenerator } from '../harness/load.js';
import { again } from '../harness/micro-table.js';
import { hasNginx, startProxyingNginx, startUpstream } from '../harness/nginx.js';
import { CORES, startProgram } from '../harness/pinned-process.js';
import { figure, layOut } from '../harness/print.js';
import { cpuMicrosOf } from '../harness/process-cpu.js';
import { median, noise, spread } from '../harness/statistics.js';
import { bearerHeaders, CALLER, SERVICE } from '../rows/credentials.js';
import { PREFIX, rows } from '../rows/proxies.js';

const NGINX = 'nginx, keep-alive';
const MIDDLEWARE = 'ours, Express middleware';
const COMMAND = 'ours, service-auth gateway';
const COMMAND_LOG = 'ours, service-auth gateway, log on';
const FULL = { warm: 10_000, slice: 6000, maxSeconds: 15 };
const QUICK = { warm: 4000, slice: 1500, maxSeconds: 6 };

/** One small GET through a proxy to an nginx that answers by itself. */
export const title = `gateway: one small GET through it; nginx behind it beside the load, gateway on a core of its own (${loadGenerator()}, 50 connections)`;

/** @param {import('../harness/arguments.js').RunOptions} options */
export async function run(options) {
  if (!hasNginx()) return { report: 'skipped: nginx not installed', samples: new Map(), targets: [] };
  const all = [NGINX, again(NGINX), COMMAND, COMMAND_LOG, ...Object.keys(rows)];
  const names = chooseRows(all, [NGINX], options.only);
  const upstream = await startUpstream(CORES.load);
  try {
    const plan = options.quick ? QUICK : FULL;
    const seldom = seldomRows(names, [NGINX, COMMAND, MIDDLEWARE], options.only);
    const samples = await interleave(names, options.rounds, (name) => measure(name, upstream.port, plan), seldom);
    return { report: report(samples), samples, targets: targetsOf(samples) };
  } finally {
    await upstream.stop();
  }
}

async function measure(name, upstream, plan) {
  const proxy = await start(name, upstream);
  try {
    const url = `http://127.0.0.1:${proxy.port}${PREFIX}`;
    const headers = bearerHeaders();
    await checkAnswers(`${url}/seen`, headers, name);
    const { maxSeconds } = plan;
    await load(`${url}/7`, headers, { requests: plan.warm, maxSeconds });
    const before = cpuMicrosOf(proxy.pid);
    const { answers, rps, p99Ms } = await load(`${url}/7`, headers, { requests: plan.slice, maxSeconds });
    return { rps, p99Ms, cpuMicros: (cpuMicrosOf(proxy.pid) - before) / answers };
  } finally {
    await proxy.stop();
  }
}

async function start(name, upstream) {
  const core = CORES.measured;
  if (name === NGINX || name === again(NGINX)) return startProxyingNginx(core, upstream);
  const target = `http://127.0.0.1:${upstream}`;
  if (name === COMMAND || name === COMMAND_LOG) {
    const logLevel = name === COMMAND ? 'error' : 'info';
    const secret = process.env.BENCH_SECRET;
    return startGatewayCommand({ core, prefix: PREFIX, target, service: SERVICE, secret, logLevel });
  }
  const program = startProgram('proxy.js', { core, stdout: 'ignore' });
  const port = await program.ask('serve', { row: name, target });
  return { pid: program.child.pid, port, stop: program.stop };
}

/** What is forwarded arrives; ours lets nobody through without a token, and tells the service who calls. */
async function checkAnswers(url, headers, name) {
  const get = async (sent) => {
    const { statusCode, body } = await request(url, { headers: sent });
    return { statusCode, text: await body.text() };
  };
  const good = await get(headers);
  const bad = await get({});
  const isOurs = name.startsWith('ours');
  const told = JSON.stringify({ user: isOurs ? CALLER : '' });
  if (good.statusCode !== 200 || good.text !== told || bad.statusCode !== (isOurs ? 401 : 200)) {
    throw new Error(`It answers ${good.statusCode} to good requests and ${bad.statusCode} to bad ones.`);
  }
}

function report(samples) {
  const lines = [...samples].map(([name, of]) => {
    const rps = of.map((sample) => sample.rps);
    const { low, high } = spread(rps);
    const ratio = (field) => figure(median(ratios(samples, name, field)));
    const [cpu, p99] = ['cpuMicros', 'p99Ms'].map((field) => figure(median(of.map((sample) => sample[field]))));
    return [name, figure(median(rps)), `${figure(low)}–${figure(high)}`, ratio('rps'), cpu, ratio('cpuMicros'), p99];
  });
  return layOut(['row', 'requests/s', 'spread', '× nginx', 'CPU µs', '× nginx by CPU', 'p99 ms'], lines);
}

/** How much of nginx's speed a row has, round by round. */
function ratios(samples, name, field) {
  const base = samples.get(NGINX) ?? [];
  return (samples.get(name) ?? []).map((sample, round) =>
    field === 'rps' ? sample.rps / base[round].rps : base[round].cpuMicros / sample.cpuMicros,
  );
}

function targetsOf(samples) {
  const target = (row, atLeast, field, words) => {
    const measured = median(ratios(samples, row, field));
    const control = noise(ratios(samples, again(NGINX), field), 1);
    return { claim: `${row} / nginx, ${words}`, measured, atLeast, noise: control * measured };
  };
  return [
    [MIDDLEWARE, 0.12],
    [COMMAND, 0.3],
  ].flatMap(([row, limit]) => [target(row, limit, 'rps', 'requests/s'), target(row, limit, 'cpuMicros', 'by CPU')]);
}
