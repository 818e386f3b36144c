import { expect } from 'chai';
import { clockOffsets, judgeClock } from '../../../lib/cli/doctor/clock-step.js';
import type { Answer } from '../../../lib/cli/doctor/probe.js';
import { answer } from './answers.js';

const NOW = 1_795_600_000_000;

/** An answer whose writer's clock is ahead by so much, in ms. */
function dated(ahead: number, more: Answer['headers'] = {}): Answer {
  const date = new Date(NOW + ahead).toUTCString();
  return { ...answer(200, { date, ...more }), sentAt: NOW, headAt: NOW + 100 };
}

describe('judgeClock', () => {
  for (const ahead of [0, -5000, 5000, -900]) {
    it(`takes ${String(ahead)} ms for agreement`, () => {
      expect(judgeClock([dated(ahead)]).status).to.equal('passed');
    });
  }

  it('takes a slow answer for agreement, whenever it was dated', () => {
    const slow = { ...dated(9000), headAt: NOW + 10_000 };
    expect(judgeClock([slow]).status).to.equal('passed');
  });

  for (const [ahead, words] of [
    [600_000, '10 min ahead of ours'],
    [-600_000, '10 min behind ours'],
    [30_100, '30 s ahead of ours'],
    [-8000, '7 s behind ours'],
  ] as const) {
    it(`names a clock that is ${words}`, () => {
      const found = judgeClock([dated(0), dated(ahead)]);
      expect(found.status === 'failed' && found.seen).to.include(words);
      expect(found.status === 'failed' && found.remedy).to.include('NTP');
    });
  }

  it('names the worst of several', () => {
    const found = judgeClock([dated(60_000), dated(-600_000)]);
    expect(found.status === 'failed' && found.seen).to.include('10 min behind');
  });

  it('knows nothing of an answer without Date, with another text in its place, or out of a cache', () => {
    for (const one of [answer(200), dated(600_000, { date: 'yesterday' }), dated(600_000, { age: '3' })]) {
      expect(judgeClock([one]).status).to.equal('skipped');
    }
    expect(judgeClock([dated(600_000, { age: '0' })]).status).to.equal('failed');
  });
});

describe('clockOffsets', () => {
  it('gives those that are off by more than servers allow, in seconds', () => {
    expect(clockOffsets([dated(0), dated(600_000), answer(200)])).to.deep.equal([599.9]);
  });
});
