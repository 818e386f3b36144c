import { expect } from 'chai';
import { uncoveredEntries } from '../../../lib/cli/gateway/uncovered-entries.js';

const uncovered = (...entries: readonly string[]): readonly string[] =>
  uncoveredEntries({
    public: entries,
    routes: { '/api/v1/orders': { url: 'http://orders-service' } },
    health: { livePath: '/live', readyPath: '/ready' },
  });

describe('uncoveredEntries', () => {
  it('names those that are under no route, by whole segments', () => {
    const entries = ['POST /api/v1/auth/login', 'GET /api/v1/orders2', 'GET /api/v1', 'GET /'];
    expect(uncovered(...entries, 'GET /api/v1/orders', 'POST /api/v1/orders/login')).to.deep.equal(entries);
  });

  it('does not name those that ask how the gateway is', () => {
    expect(uncovered('GET /live', 'GET /ready', 'GET /alive')).to.deep.equal(['GET /alive']);
  });
});
