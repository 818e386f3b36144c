import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import sinon from 'sinon';
import { type RunLimit, startRunLimit } from '../../../lib/client/tenant-deletion/run-limit.js';

describe('startRunLimit', () => {
  let clock: sinon.SinonFakeTimers;
  let limit: RunLimit;
  let told: string[];
  const abort = (): AbortController => new AbortController();
  const start = (signal?: AbortSignal): RunLimit =>
    (limit = startRunLimit(signal, 1000, (reason) => told.push(reason)));
  const state = (): unknown => [limit.reason(), limit.soft.aborted, limit.hard.aborted, told];
  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    told = [];
  });
  afterEach(() => {
    limit.release();
    clock.restore();
  });

  it('lets a run go on', () => {
    start(abort().signal);
    clock.tick(999);
    expect(state()).to.deep.equal([undefined, false, false, []]);
  });

  it('stops softly by the kill switch', () => {
    const controller = abort();
    start(controller.signal);
    controller.abort();
    expect(state()).to.deep.equal(['aborted', true, false, ['aborted']]);
  });

  it('stops at once by a kill switch that was thrown before', () => {
    start(AbortSignal.abort());
    expect(state()).to.deep.equal(['aborted', true, false, ['aborted']]);
  });

  it('stops hard when its time is over', () => {
    start();
    clock.tick(1000);
    expect(state()).to.deep.equal(['deadline', true, true, ['deadline']]);
  });

  it('keeps the first reason, and tells it once', () => {
    const controller = abort();
    start(controller.signal);
    limit.stop('refused');
    controller.abort();
    limit.stop('refused');
    clock.tick(1000);
    expect(state()).to.deep.equal(['refused', true, true, ['refused']]);
  });

  it('breaks off without a reason', () => {
    start();
    limit.breakOff();
    limit.breakOff();
    limit.stop('refused');
    expect(state()).to.deep.equal([undefined, true, true, []]);
  });

  it('needs nobody to tell', () => {
    limit = startRunLimit(undefined, 1000);
    limit.stop('refused');
    expect(limit.reason()).to.equal('refused');
  });

  it('leaves nothing behind', () => {
    const { signal } = abort();
    start(signal);
    expect([clock.countTimers(), getEventListeners(signal, 'abort').length]).to.deep.equal([1, 1]);
    limit.release();
    expect([clock.countTimers(), getEventListeners(signal, 'abort').length]).to.deep.equal([0, 0]);
  });
});
