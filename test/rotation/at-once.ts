/** Preloaded into a command line: loads it, says so, and has it begin when its parent says so. */
import { once } from 'node:events';

await import('../../lib/cli/run-cli.js');
process.send?.('ready');
await once(process, 'message');
process.disconnect();
