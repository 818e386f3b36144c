import dns from 'node:dns';
import { expect } from 'chai';
import { createServiceClient } from '../../../lib/client/index.js';
import { withoutNock } from '../../support/without-nock.js';
import { opaqueToken, rejectionOf, startServer } from '../support.js';

const token = opaqueToken();

/** Makes every name lead to these addresses, for one piece of work. */
async function resolving<T>(addresses: readonly string[], work: () => Promise<T>): Promise<T> {
  const before = { lookup: dns.lookup.bind(dns) };
  const fake = (_name: string, options: { all?: boolean }, callback: (...args: unknown[]) => void): void => {
    const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    process.nextTick(() => {
      if (options.all === true) callback(null, all);
      else callback(null, all[0]?.address, all[0]?.family);
    });
  };
  Object.assign(dns, { lookup: fake });
  try {
    return await work();
  } finally {
    Object.assign(dns, before);
  }
}

describe('the connections of a client without a base', () => {
  withoutNock();

  for (const addresses of [
    ['169.254.169.254'],
    ['fe80::1'],
    ['127.0.0.1', '169.254.169.254'],
    ['::ffff:169.254.169.254'],
  ]) {
    it(`are not made to a name that leads to ${addresses.join(' and ')}`, async () => {
      const error = await resolving(addresses, () =>
        rejectionOf(createServiceClient(token).get('http://metadata/latest')),
      );
      expect(error).to.include({ code: 'ERR_ORIGIN_NOT_ALLOWED', outcome: 'not_sent', tries: 1 });
      expect(error.message).to.contain('link-local');
    });
  }

  it('are made to a name that leads elsewhere', async () => {
    const server = await startServer((_req, res) => res.end('ok'));
    const port = Number(new URL(server.url).port);
    const get = (): Promise<{ data: unknown }> => createServiceClient(token).get(`http://orders-service:${port}/`);
    expect((await resolving(['127.0.0.1'], get)).data).to.equal('ok');
    expect((await resolving(['127.0.0.1', '127.0.0.2'], get)).data).to.equal('ok');
    await server.close();
  });

  it('pass on that a name leads nowhere', async () => {
    const error = await rejectionOf(
      createServiceClient(token, { maxTries: 1 }).get('http://nowhere.invalid.internal/'),
    );
    expect(error.code).to.be.oneOf(['ENOTFOUND', 'EAI_AGAIN']);
    expect(error.outcome).to.equal('not_sent');
  });
});
