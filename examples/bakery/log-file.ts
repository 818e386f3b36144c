import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { createLogger, type Logger } from 'service-auth/shared';
import winston from 'winston';

/** A log in a file of its own. */
export interface LogFile {
  readonly path: string;
  readonly logger: Logger;
  /** Ends the log and waits until all of it is in the file. */
  close(): Promise<void>;
  readLines(): Promise<readonly string[]>;
}

export function openLogFile(path: string): LogFile {
  const file = createWriteStream(path, { mode: 0o600 });
  const transport = new winston.transports.Stream({ stream: file });
  const logger = createLogger({ level: 'info', transports: [transport] });
  return {
    path,
    logger,
    async close() {
      const passedOn = once(transport, 'finish');
      logger.end();
      await passedOn;
      file.end();
      await finished(file);
    },
    async readLines() {
      const text = await readFile(path, 'utf8');
      return text.split('\n').filter((line) => line !== '');
    },
  };
}
