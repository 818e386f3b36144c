import { watchProcess } from './canary-process.js';

// `--require`d by mocha, or `--import`ed by a program, where scripts/canaries.ts runs it.
const watch = watchProcess(process.env['SERVICE_AUTH_CANARIES']!);

export const mochaHooks: Mocha.RootHookObject = {
  beforeEach(this: Mocha.Context) {
    watch.at(this.currentTest?.fullTitle() ?? 'a hook');
  },
  afterEach(this: Mocha.Context) {
    // It works without a pause, and as long as there are errors to look at: a property test makes thousands.
    this.timeout(0);
    watch.renderErrors();
  },
};
