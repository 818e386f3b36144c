import fc from 'fast-check';
import type { Mishap } from './failing-ledger.js';
import { type Fault, FAULTS } from './tenant-service.js';

/** One process at work. */
export interface Process {
  readonly mishaps: readonly Mishap[];
  /** When it begins, in ms after its session has. */
  readonly startMs: number;
  /** When it dies, in ms after that; undefined: not by time. */
  readonly diesMs: number | undefined;
  /** When its kill switch is used. */
  readonly abortMs: number | undefined;
  /** Whether those who come later can see that it is dead; else they wait for the end of its lock. */
  readonly isSeenDead: boolean;
  readonly maxAttempts: number;
  readonly maxTries: number;
  readonly concurrency: number;
  readonly deadlineMs: number;
}

/** All that happens to a tenant, before services are well again. */
export interface History {
  readonly seed: number;
  readonly services: readonly {
    readonly records: number;
    readonly script: readonly (Fault | undefined)[];
    readonly knowsKeys: boolean;
    readonly looks: number;
    readonly isLast: boolean;
  }[];
  readonly withPreview: boolean;
  /** One after the other, the processes of each side by side. */
  readonly sessions: readonly (readonly Process[])[];
}

const anyMishap: fc.Arbitrary<Mishap> = fc.record({
  append: fc.integer({ min: 1, max: 20 }),
  times: fc.constantFrom(1, 1, 2, 5),
  when: fc.constantFrom('before', 'after', 'torn'),
  // The last one lacks but the end of the line.
  share: fc.constantFrom(0.1, 0.5, 0.9, 1 - 1e-9),
  what: fc.oneof(
    { weight: 5, arbitrary: fc.constant('death' as const) },
    { weight: 1, arbitrary: fc.constantFrom('error', 'slow error') },
    { weight: 4, arbitrary: fc.constant('delay' as const) },
  ),
  delayMs: fc.constantFrom(500, 6000, 11_000, 13_000, 16_000, 40_000),
});

const anyProcess = {
  mishaps: fc.oneof(fc.constant([]), fc.array(anyMishap, { maxLength: 2 })),
  startMs: fc.constantFrom(0, 0, 20, 700, 4000, 9000, 15_500, 18_000),
  diesMs: fc.option(fc.integer({ min: 1, max: 40_000 }), { nil: undefined, freq: 4 }),
  abortMs: fc.option(fc.integer({ min: 0, max: 20_000 }), { nil: undefined, freq: 8 }),
  isSeenDead: fc.boolean(),
  maxAttempts: fc.integer({ min: 1, max: 4 }),
  maxTries: fc.integer({ min: 1, max: 3 }),
  concurrency: fc.constantFrom(1, 2, 8),
  deadlineMs: fc.constantFrom(900_000, 900_000, 900_000, 8000),
};

const anyFault: fc.Arbitrary<Fault | undefined> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(undefined) },
  { weight: 4, arbitrary: fc.constantFrom(...FAULTS) },
);

const anyService = {
  records: fc.integer({ min: 0, max: 4 }),
  script: fc.array(anyFault, { maxLength: 8 }),
  knowsKeys: fc.boolean(),
  looks: fc.constantFrom(0, 1, 2, 6),
  isLast: fc.boolean(),
};

const anyOther = {
  seed: fc.nat(),
  services: fc.array(fc.record(anyService), { minLength: 1, maxLength: 4 }),
  withPreview: fc.boolean(),
  sessions: fc.array(fc.array(fc.record(anyProcess), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 5 }),
};

// A ledger that hangs while answers are waited for, and another process that waits for the lock.
const slowScript = fc
  .tuple(
    fc.constantFrom<Fault>('silent, not done', 'silent, done'),
    fc.array(fc.constantFrom<Fault | undefined>('silent, not done', 'silent, done', '503, not done', undefined), {
      maxLength: 4,
    }),
  )
  .map(([first, rest]) => [first, ...rest]);
const hanging = {
  ...anyProcess,
  mishaps: fc.record({
    append: fc.integer({ min: 3, max: 5 }),
    times: fc.constantFrom(1, 5),
    when: fc.constantFrom<Mishap['when']>('before', 'after'),
    share: fc.constant(0.5),
    what: fc.constant('delay' as const),
    delayMs: fc.constantFrom(11_000, 16_000, 40_000),
  }),
  startMs: fc.constant(0),
  diesMs: fc.constant(undefined),
  abortMs: fc.constant(undefined),
  maxTries: fc.integer({ min: 2, max: 3 }),
};
const rival = {
  ...anyProcess,
  mishaps: fc.constant([]),
  diesMs: fc.constant(undefined),
  abortMs: fc.constant(undefined),
};
const takeOver = {
  ...anyOther,
  services: fc.array(fc.record({ ...anyService, script: slowScript }), { minLength: 1, maxLength: 2 }),
  withPreview: fc.constant(false),
  sessions: fc.tuple(
    fc.tuple(
      fc.record(hanging).map((one) => ({ ...one, mishaps: [one.mishaps] })),
      fc.record(rival),
    ),
  ),
};

/** Any history. */
export const anyHistory: fc.Arbitrary<History> = fc.oneof(
  { weight: 3, arbitrary: fc.record(anyOther) },
  { weight: 1, arbitrary: fc.record(takeOver) },
);
