import nock from 'nock';
import { FOREIGN_SETTINGS } from './environment.js';
import { numberSetting } from './number-setting.js';
import { closeAllLeft } from './open-servers.js';
import { standStill } from './stalls.js';
import { forgetTargets } from './targets.js';

for (const name of FOREIGN_SETTINGS) {
  delete process.env[name];
}
process.env['LOG_LEVEL'] = 'error';

const longestStallMs = numberSetting('SERVICE_AUTH_STALLS_MS');
if (longestStallMs !== undefined) standStill(longestStallMs);

// Mocha 11 passes over them where the test itself is over.
process.on('unhandledRejection', (reason) => {
  throw reason;
});

export const mochaHooks: Mocha.RootHookObject = {
  beforeAll() {
    nock.disableNetConnect();
    nock.enableNetConnect(/^(127\.0\.0\.1|localhost|\[?::1\]?)(:\d+)?$/);
  },
  afterAll: closeAllLeft,
  beforeEach() {
    forgetTargets();
  },
  afterEach() {
    nock.cleanAll();
  },
};
