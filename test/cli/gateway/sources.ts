import type { CliIo } from '../../../lib/cli/cli-io.js';
import { configFile, type ConfigFile } from '../../../lib/cli/gateway/config-file.js';
import type { SourceTools } from '../../../lib/cli/gateway/open-sources.js';
import { createSourcePool } from '../../../lib/cli/gateway/source-pool.js';
import type { WatchedRevocationList } from '../../../lib/server/revocation/watched-revocations.js';
import { recordingLogger, type RecordingLogger } from '../../support/recording-logger.js';
import type { TestCli } from '../cli.js';

/** A list as Redis would keep it, which does as it is told. */
export interface StubList extends WatchedRevocationList {
  /** It has been read for the first time. */
  readonly read: () => void;
  readonly fail: () => void;
  staleness: number;
  isClosed: boolean;
}

export function stubList(): StubList {
  let read = (): void => undefined;
  let fail = (): void => undefined;
  const ready = new Promise<void>((resolve, reject) => {
    read = resolve;
    fail = () => {
      reject(new Error('closed'));
    };
  });
  const list: StubList = {
    staleness: 0,
    isClosed: false,
    read,
    fail,
    isRevoked: () => false,
    ready: () => ready,
    stalenessSeconds: () => list.staleness,
    entries: () => [],
    close: () => {
      list.isClosed = true;
      return Promise.resolve();
    },
  };
  return list;
}

/** What a configuration in a test's directory is loaded with. */
export interface TestSources {
  readonly file: ConfigFile;
  readonly tools: SourceTools;
  readonly logger: RecordingLogger;
  /** The lists in Redis, in the order in which they were opened. */
  readonly lists: StubList[];
}

export function testSources(cli: TestCli, name = 'gateway.yaml'): TestSources {
  const logger = recordingLogger();
  const lists: StubList[] = [];
  const env = { REDIS_URL: 'redis://127.0.0.1:1', OTHER_URL: 'redis://127.0.0.1:2' };
  return {
    file: configFile({ cwd: cli.directory, env } as unknown as CliIo, name),
    logger,
    lists,
    tools: {
      ...{ env, logger, pool: createSourcePool(), onTlsChange: () => undefined },
      redisList: () => {
        const list = stubList();
        lists.push(list);
        return list;
      },
    },
  };
}
