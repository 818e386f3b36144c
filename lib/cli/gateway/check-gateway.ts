import { loadRedis } from '../../shared/redis/redis-client.js';
import { failure } from '../cli-error.js';
import { type CliIo, printable } from '../cli-io.js';
import { print } from '../output.js';
import type { ConfigFile } from './config-file.js';
import { problemsInWords } from './config-problem.js';
import { configSummary } from './config-summary.js';
import { loadGeneration } from './load-generation.js';
import { QUIET_LOGGER } from '../quiet-logger.js';
import { createSourcePool } from './source-pool.js';
import { uncoveredEntries } from './uncovered-entries.js';
import { unaskedRevocations } from './unasked-revocations.js';
import { warnOfOpenFiles } from './warn-of-open-files.js';

/**
 * Says whether a configuration is good, and what it amounts to. Nothing is listened on, and nobody asked.
 *
 * @throws CliError with all that is wrong
 */
export async function checkGateway(io: CliIo, file: ConfigFile): Promise<void> {
  const { generation, problems } = loadGeneration(file.read(), file, {
    env: io.env,
    pool: createSourcePool(),
    logger: QUIET_LOGGER,
    redisList: unaskedRevocations,
  });
  if (generation === undefined) throw failure(problemsInWords(file.label, problems));
  try {
    if (generation.config.revocations?.kind === 'redis') await loadRedis();
    warnOfOpenFiles(io, generation.config);
    for (const entry of uncoveredEntries(generation.config)) {
      io.stderr.write(
        `Warning: no route covers the public entry ${printable(entry)}: it is answered with 404. Add a route for its path, or remove it.\n`,
      );
    }
    print(io, `${file.label} is ok.`, '', ...configSummary(generation));
  } finally {
    generation.retire();
  }
}
