/** Not one of the tests: runs.test.ts has mocha run these. */
import { startServer } from '../client/support.js';
import { skip } from '../support/skip.js';

it('fails before it has closed its server', async () => {
  const { url } = await startServer((_req, res) => res.end('ok'));
  await (await fetch(url)).text();
  throw new Error('as it should');
});

it('needs what is not there', function () {
  skip(this, 'no such thing');
});
