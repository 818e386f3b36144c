import { expect } from 'chai';
import type { IdempotencyStore } from '../../../lib/server/tenant-data/idempotency-store.js';

const A = { owner: 'a', subject: 's-1' };
const B = { owner: 'b', subject: 's-2' };
const LEASE_MS = 60_000;

/** What every store must do: the twins of the contract in `IdempotencyStore`. */
export function itIsAStore(store: () => IdempotencyStore): void {
  it('knows nothing of a name that nobody took', async () => {
    expect(await store().find('n')).to.equal(undefined);
  });

  it('gives a name to the first who asks, and tells the others what holds it', async () => {
    expect(await store().begin('n', A, LEASE_MS)).to.equal(undefined);
    expect(await store().begin('n', B, LEASE_MS)).to.deep.equal({ state: 'running', subject: 's-1' });
    expect(await store().begin('n', A, LEASE_MS)).to.deep.equal({ state: 'running', subject: 's-1' });
    expect(await store().find('n')).to.deep.equal({ state: 'running', subject: 's-1' });
    expect(await store().begin('m', B, LEASE_MS)).to.equal(undefined);
  });

  it('gives a name to one of many who ask at once', async () => {
    const claims = Array.from({ length: 20 }, (_, index) => ({ owner: String(index), subject: 's' }));
    const answers = await Promise.all(claims.map((claim) => store().begin('n', claim, LEASE_MS)));
    expect(answers.filter((answer) => answer === undefined)).to.have.length(1);
  });

  it('remembers an answer, and gives the name to nobody then', async () => {
    const done = { state: 'done', subject: 's-1', answer: '{"ä":"\\""}' } as const;
    await store().begin('n', A, LEASE_MS);
    expect(await store().finish('n', A, done.answer)).to.equal(true);
    expect(await store().find('n')).to.deep.equal(done);
    expect(await store().begin('n', B, LEASE_MS)).to.deep.equal(done);
    expect(await store().begin('n', A, LEASE_MS)).to.deep.equal(done);
  });

  it('lets nobody but the owner renew, finish or release', async () => {
    await store().begin('n', A, LEASE_MS);
    expect(await store().renew('n', B, LEASE_MS)).to.equal(false);
    expect(await store().finish('n', B, 'x')).to.equal(false);
    await store().release('n', B);
    expect(await store().find('n')).to.deep.equal({ state: 'running', subject: 's-1' });
    expect(await store().renew('n', A, LEASE_MS)).to.equal(true);
    await store().release('n', A);
    expect(await store().find('n')).to.equal(undefined);
    expect(await store().begin('n', B, LEASE_MS)).to.equal(undefined);
  });

  it('keeps what is done from everybody, its owner too', async () => {
    await store().begin('n', A, LEASE_MS);
    await store().finish('n', A, 'first');
    expect(await store().renew('n', A, LEASE_MS)).to.equal(false);
    expect(await store().finish('n', A, 'second')).to.equal(false);
    await store().release('n', A);
    expect(await store().find('n')).to.deep.equal({ state: 'done', subject: 's-1', answer: 'first' });
  });

  it('lets an owner hold again what was lost, and finish it', async () => {
    expect(await store().renew('n', A, LEASE_MS)).to.equal(true);
    expect(await store().begin('n', B, LEASE_MS)).to.deep.equal({ state: 'running', subject: 's-1' });
    expect(await store().finish('m', A, 'x')).to.equal(true);
    expect(await store().find('m')).to.deep.equal({ state: 'done', subject: 's-1', answer: 'x' });
    await store().release('nothing', A);
  });
}
