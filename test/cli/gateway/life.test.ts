import { createServer } from 'node:http';
import { expect } from 'chai';
import type { CliIo } from '../../../lib/cli/cli-io.js';
import { createLife, type LifeParts } from '../../../lib/cli/gateway/life.js';
import { recordingLogger } from '../../support/recording-logger.js';

describe('createLife', () => {
  it('tells of connections that cannot be accepted once it listens, and of nothing before', () => {
    const logger = recordingLogger();
    const server = createServer();
    const { untilEnd } = createLife({ server, logger } as unknown as LifeParts);
    expect(server.listenerCount('error')).to.equal(0);
    void untilEnd({} as CliIo);
    server.emit('error', new Error('accept EMFILE'));
    expect(logger.lines).to.deep.equal([
      { level: 'error', message: 'A connection could not be accepted', fields: { reason: 'accept EMFILE' } },
    ]);
  });
});
