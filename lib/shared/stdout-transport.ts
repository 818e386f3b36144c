import winston from 'winston';
import { MESSAGE } from './render-line.js';
import { stdoutOutput } from './stdout-output.js';

/**
 * Makes a winston transport that writes to stdout as its Console does, but the lines of one turn of the event loop at once. Neither the
 * end of the process, `process.exit()` nor an uncaught error loses any; a signal without a handler may, those of the running turn.
 *
 * Where stdout is a pipe from which nobody reads, the process goes on: 4 MiB of lines wait, what comes then is dropped, and one line
 * tells how many once there is room again.
 */
export function createStdoutTransport(): winston.transport {
  const output = stdoutOutput();
  return new winston.transports.Console({
    log(info: Readonly<Record<symbol, string>>, next) {
      output.add(String(info[MESSAGE]));
      next();
    },
  });
}
