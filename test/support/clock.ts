import sinon from 'sinon';

/** Moves the clock of the tests of one `describe`. */
export interface FakeDate {
  tick(milliseconds: number): void;
  setSystemTime(milliseconds: number): void;
}

/**
 * Fakes `Date`, and nothing else but `performance.now()` where asked to, for every test of the `describe` that calls this: each starts
 * at `nowSeconds`.
 */
export function fakeDate(nowSeconds: number, andElapsedTime = false): FakeDate {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers({
      now: nowSeconds * 1000,
      toFake: andElapsedTime ? ['Date', 'performance'] : ['Date'],
    });
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

/**
 * Holds `Date` at the moment in which the file was loaded, for every test of the `describe` that calls this. Assertions live a minute: one
 * that is made while files are loaded would have ended, on a slow machine, when its test runs.
 */
export function dateOfLoading(): void {
  fakeDate(Date.now() / 1000);
}
