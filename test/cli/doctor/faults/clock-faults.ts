import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { openBakery, PREFIX, PREVIEW, SERVICE } from './bakery.js';
import { passOn } from './proxy-faults.js';
import { clockOfProcess } from './clock-of-process.js';
import { type Call, type Fault, withToken } from './fault.js';
import type { Stage } from './stage.js';

const TEN_MINUTES = 600;

/** Asks a bakery whose `Date` is that of a clock which is ahead by so much. */
const withServerAhead =
  (seconds: number) =>
  async (stage: Stage, isBroken: boolean): Promise<Call> => {
    const { gatewayUrl } = await openBakery(stage);
    const origin = await stage.http((req, res) => {
      const date = new Date(Date.now() + (isBroken ? seconds * 1000 : 0)).toUTCString();
      passOn(gatewayUrl, req, res, { date });
    });
    return { args: [origin + PREVIEW], env: withToken(stage.mint()) };
  };

/** Asks by a clock of our own that is ahead by so much. */
const withUsAhead =
  (seconds: number) =>
  async (stage: Stage, isBroken: boolean): Promise<Call> => {
    const { gatewayUrl } = await openBakery(stage);
    const args = [gatewayUrl + PREVIEW];
    return { args, env: withToken(stage.mint()), ...(isBroken && { clockAheadSeconds: seconds }) };
  };

/** Asks a gateway in a process of its own, whose clock is ahead by so much, before a service whose clock is ours. */
const withGatewayAhead =
  (seconds: number) =>
  async (stage: Stage, isBroken: boolean): Promise<Call> => {
    const { serviceUrl } = await openBakery(stage);
    const clock = clockOfProcess(isBroken ? seconds : 0);
    const child = fork(join(import.meta.dirname, 'gateway-process.ts'), [stage.secret, PREFIX, serviceUrl, SERVICE], {
      execArgv: [...clock, '--disable-warning=DEP0205', '--import', import.meta.resolve('ts-blank-space/register')],
    });
    const ended = once(child, 'exit');
    stage.onEnd(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const [port] = (await Promise.race([
      once(child, 'message'),
      ended.then(() => Promise.reject(new Error('The gateway ended.'))),
    ])) as [number];
    return { args: [`http://127.0.0.1:${port}${PREVIEW}`], env: withToken(stage.mint()) };
  };

/** Clocks that disagree. */
export const CLOCK_FAULTS: readonly Fault[] = [
  {
    title: "the server's clock is ahead",
    step: 'clock',
    seen: /10 min|600|ahead|behind/,
    remedy: /NTP|chrony|clock/,
    make: withServerAhead(TEN_MINUTES),
  },
  {
    title: "the server's clock is behind",
    step: 'clock',
    seen: /10 min|600|ahead|behind/,
    remedy: /NTP|chrony|clock/,
    make: withServerAhead(-TEN_MINUTES),
  },
  {
    title: 'our clock is ahead',
    step: 'clock',
    seen: /10 min|600|ahead|behind/,
    remedy: /NTP|chrony|clock/,
    make: withUsAhead(TEN_MINUTES),
  },
  {
    title: 'our clock is behind, so that our token is of the future',
    step: 'clock',
    remedy: /clock/,
    make: withUsAhead(-TEN_MINUTES),
  },
  {
    title: "the gateway's clock is behind, so that it takes our token for one of the future",
    step: 'clock',
    seen: /10 min|600|behind/,
    remedy: /NTP|chrony|clock/,
    make: withGatewayAhead(-TEN_MINUTES),
  },
  {
    title: "the gateway's clock is ahead, so that the service takes its word for one of the future",
    step: 'clock',
    seen: /10 min|600|ahead/,
    remedy: /NTP|chrony|clock/,
    make: withGatewayAhead(TEN_MINUTES),
  },
];
