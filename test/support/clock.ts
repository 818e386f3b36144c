import sinon from 'sinon';

/** Moves the clock of the tests of one `describe`. */
export interface FakeDate {
  tick(milliseconds: number): void;
  setSystemTime(milliseconds: number): void;
}

/** Fakes `Date`, and nothing else, for every test of the `describe` that calls this: each starts at `nowSeconds`. */
export function fakeDate(nowSeconds: number): FakeDate {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: nowSeconds * 1000, toFake: ['Date'] });
  });
  afterEach(() => {
    clock.restore();
  });
  return {
    tick: (milliseconds) => void clock.tick(milliseconds),
    setSystemTime: (milliseconds) => {
      clock.setSystemTime(milliseconds);
    },
  };
}
