import type { ConfigProblem } from './config-problem.js';
import type { GatewayConfig } from './gateway-config.js';

/** The settings that a server takes once, when it is made. */
const FIXED: readonly (readonly [setting: string, of: (config: GatewayConfig) => unknown])[] = [
  ['listen.host', ({ listen }) => listen.host],
  ['listen.port', ({ listen }) => listen.port],
  ['tls', ({ tls }) => tls !== undefined],
  ['limits.maxHeaderBytes', ({ limits }) => limits.maxHeaderBytes],
];

/** What of a configuration a running gateway cannot take over. Half of it is not taken over either: nobody would know what is in force. */
export function restartNeeded(inForce: GatewayConfig, next: GatewayConfig): readonly ConfigProblem[] {
  return FIXED.filter(([, of]) => of(inForce) !== of(next)).map(([setting]) => ({
    line: undefined,
    column: undefined,
    message: `${setting} cannot change while the gateway runs. Restart it, or put back what was there.`,
  }));
}
