import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { newSecret } from '../support/keys.js';
import { FAULTS, type Fault } from './faults.js';
import type { Footprint } from './gateway-process.js';

/** What was seen of one fault. */
export interface SoakResult {
  readonly fault: string;
  readonly rounds: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly expected: string;
  readonly before: Footprint;
  readonly after: Footprint;
}

/** A gateway in a process of its own before services that only these ports know. */
export interface GatewayProcess {
  readonly port: number;
  readonly authorization: string;
  readonly footprint: () => Promise<Footprint>;
  readonly stop: () => void;
}

export async function startGateway(
  upstreams: Readonly<Record<string, number>>,
  timeoutMs: number,
): Promise<GatewayProcess> {
  const secret = newSecret();
  const routes = Object.fromEntries(
    Object.entries(upstreams).map(([prefix, port]) => [
      prefix,
      { url: `http://127.0.0.1:${String(port)}`, service: 'orders-service' },
    ]),
  );
  const child: ChildProcess = fork(
    join(import.meta.dirname, 'gateway-process.ts'),
    [JSON.stringify({ secret, routes, timeoutMs })],
    {
      execArgv: ['--expose-gc', '--disable-warning=DEP0205', '--import', 'ts-blank-space/register'],
      env: { PATH: process.env['PATH'] },
    },
  );
  const tell = async (): Promise<unknown> => ((await once(child, 'message')) as [unknown])[0];
  const { port } = (await tell()) as { port: number };
  return {
    port,
    authorization: `Bearer ${createServiceToken('sales-service', { keys: secret })}`,
    async footprint() {
      child.send('footprint');
      return (await tell()) as Footprint;
    },
    stop: () => child.disconnect(),
  };
}

/**
 * Has a gateway meet every fault so many times, 20 at once, after a warm-up of as many as at once.
 *
 * @param onResult - told after each fault
 */
export async function soak(rounds: number, onResult?: (result: SoakResult) => void): Promise<readonly SoakResult[]> {
  const servers = FAULTS.map(serverOf);
  const ports = await Promise.all(servers.map(portOf));
  const prefix = (index: number): string => `/fault${String(index)}`;
  const gateway = await startGateway(Object.fromEntries(ports.map((port, index) => [prefix(index), port])), 300);
  const results: SoakResult[] = [];
  try {
    for (const [index, fault] of FAULTS.entries()) {
      await meet(fault, prefix(index), 100, gateway);
      const before = await gateway.footprint();
      const answers = await meet(fault, prefix(index), rounds, gateway);
      const result = {
        fault: fault.name,
        rounds,
        answers,
        expected: String(fault.expected),
        before,
        after: await gateway.footprint(),
      };
      results.push(result);
      onResult?.(result);
    }
  } finally {
    gateway.stop();
    for (const server of servers) server?.close();
  }
  return results;
}

/** What is wrong with a result; nothing where the list is empty. Memory has to stay within 8 MB, whatever the rounds. */
export function complaints({ rounds, answers, expected, before, after }: SoakResult): readonly string[] {
  return [
    ...(answers[expected] === rounds ? [] : [`answers: ${JSON.stringify(answers)}, expected ${expected}`]),
    ...(after.sockets === 0 ? [] : [`${String(after.sockets)} sockets left`]),
    ...(after.listeners === before.listeners ? [] : [`${String(after.listeners - before.listeners)} listeners left`]),
    ...(after.warnings === 0 ? [] : [`${String(after.warnings)} warnings`]),
    ...(after.heap - before.heap < 8_000_000 ? [] : [`${String(after.heap - before.heap)} bytes of heap left`]),
  ];
}

function serverOf({ upstream }: Fault): net.Server | undefined {
  if (upstream === undefined) return undefined;
  return net.createServer((socket) => {
    let head = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      head = (head + chunk.toString('latin1')).slice(-4096);
      if (!head.includes('\r\n\r\n')) return;
      head = '';
      upstream(socket);
    });
  });
}

async function portOf(server: net.Server | undefined): Promise<number> {
  const listening = (server ?? net.createServer()).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as net.AddressInfo;
  if (server === undefined) {
    listening.close();
    await once(listening, 'close');
  }
  return port;
}

async function meet(
  fault: Fault,
  path: string,
  rounds: number,
  gateway: GatewayProcess,
): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  let begun = 0;
  const one = async (): Promise<void> => {
    while (begun < rounds) {
      begun += 1;
      const answer = String(await ask(fault.client, path, gateway));
      answers[answer] = (answers[answer] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 20 }, one));
  return answers;
}

function ask(
  client: Fault['client'],
  path: string,
  { port, authorization }: GatewayProcess,
): Promise<number | 'broken'> {
  return new Promise((resolve) => {
    const method = client === 'leaves upload' ? 'POST' : 'GET';
    const req = http.request({ port, host: '127.0.0.1', path, method, headers: { authorization }, agent: false });
    req.on('error', () => {
      resolve('broken');
    });
    req.on('response', (res) => {
      if (client === 'leaves download') res.once('data', () => req.destroy());
      res
        .on('error', () => undefined)
        .on('close', () => {
          resolve(res.complete ? (res.statusCode as number) : 'broken');
        });
      res.resume();
    });
    if (client !== 'leaves upload') req.end();
    else {
      req.write('a'.repeat(1000));
      setTimeout(() => req.destroy(), 10);
    }
  });
}
