import { expect } from 'chai';
import fc from 'fast-check';
import type { FakeDate } from '../support/clock.js';
import { isAuthError } from '../../lib/shared/errors.js';
import { createKeyRing, type KeyRing } from '../../lib/shared/key-ring.js';
import { createRevocationList } from '../../lib/shared/revocation.js';
import { seededSecret } from '../support/properties.js';

export const NOW = 1_800_000_000;
const SECRETS = ['a', 'b', 'c'].map(seededSecret);
export const [firstSecret, secondSecret] = SECRETS as [string, string];

/** A token or assertion of the test, and what is known of it without asking a verifier. */
export interface Sample {
  readonly text: string;
  readonly secret: string;
  readonly from: number;
  readonly until: number;
  readonly forUs: boolean;
  readonly tokenId: string;
  readonly service: string;
  readonly issuedAt: number;
}

/** What the world is like: the model, by which every answer can be foretold. */
export interface World {
  now: number;
  secrets: readonly string[];
  revokedIds: Set<string>;
  issuedBefore: Map<string, number>;
}

/** The same world for the verifiers: their ring, their list, their clock. */
export interface System {
  readonly clock: FakeDate;
  readonly ring: KeyRing;
  readonly revocations: ReturnType<typeof createRevocationList>;
  rotate(secrets: readonly string[]): void;
  /** Asks the one that remembers, and the one that does not. */
  readonly cached: (text: string) => unknown;
  readonly uncached: (text: string) => unknown;
}

export type Step = fc.Command<World, System>;

export function newWorld(): World {
  return { now: NOW, secrets: [firstSecret], revokedIds: new Set(), issuedBefore: new Map() };
}

/** Begins a system, the clock at the world's beginning. */
export function newSystem(
  clock: FakeDate,
  verifiers: (ring: KeyRing, revocations: System['revocations']) => Pick<System, 'cached' | 'uncached'>,
): System {
  clock.setSystemTime(NOW * 1000);
  let snapshot = createKeyRing({ current: firstSecret }).snapshot();
  const ring: KeyRing = { snapshot: () => snapshot };
  const revocations = createRevocationList();
  const rotate = ([current = firstSecret, ...previous]: readonly string[]): void => {
    snapshot = createKeyRing({ current, previous }).snapshot();
  };
  return { clock, ring, revocations, rotate, ...verifiers(ring, revocations) };
}

/** What every verifier must say: the rules once more, without a memory. */
export function isGood(sample: Sample, world: World): boolean {
  const { now, secrets, revokedIds, issuedBefore } = world;
  const isRevoked = revokedIds.has(sample.tokenId) || sample.issuedAt < (issuedBefore.get(sample.service) ?? 0);
  const isInTime = sample.from <= now && now < sample.until;
  return sample.forUs && isInTime && secrets.includes(sample.secret) && !isRevoked;
}

function answer(act: () => unknown): { accepted: boolean; answer: unknown } {
  try {
    return { accepted: true, answer: act() };
  } catch (error) {
    if (!isAuthError(error)) throw error;
    return { accepted: false, answer: `${error.code} ${String(error.reason)}` };
  }
}

function step(title: string, run: (world: World, system: System) => void): Step {
  return { check: () => true, run, toString: () => title };
}

function setClock(world: World, { clock }: System, seconds: number): void {
  world.now = Math.max(1, seconds);
  clock.setSystemTime(world.now * 1000);
}

/** The steps that may happen to any verifier of these samples. */
export function steps(samples: readonly Sample[]): fc.Arbitrary<Step>[] {
  const index = fc.nat(samples.length - 1);
  const ids = fc.constantFrom(...new Set(samples.map(({ tokenId }) => tokenId)));
  const services = fc.constantFrom(...new Set(samples.map(({ service }) => service)));
  const check = (i: number): Step =>
    step(`check(${i})`, (world, { cached, uncached }) => {
      const sample = samples[i]!;
      const [remembering, afresh] = [answer(() => cached(sample.text)), answer(() => uncached(sample.text))];
      expect(remembering).to.deep.equal(afresh);
      expect(afresh.accepted).to.equal(isGood(sample, world));
    });
  return [
    index.map(check),
    index.map(check),
    index.map(check),
    index.map((i) =>
      step(`checkNeighbours(${i})`, (world, system) => {
        for (let next = 0; next < 5; next++) check((i + next) % samples.length).run(world, system);
      }),
    ),
    fc
      .integer({ min: -40, max: 40 })
      .map((half) => step(`wait(${half / 2} s)`, (world, system) => setClock(world, system, world.now + half / 2))),
    fc
      .constantFrom(-3600, 3600, -60, 60)
      .map((seconds) => step(`jump(${seconds} s)`, (world, system) => setClock(world, system, world.now + seconds))),
    fc
      .tuple(index, fc.constantFrom<'from' | 'until'>('from', 'until'), fc.constantFrom(-0.001, 0, 0.001))
      .map(([i, edge, offset]) =>
        step(`goTo(${edge} of ${i}, ${offset} s)`, (world, system) =>
          setClock(world, system, samples[i]![edge] + offset),
        ),
      ),
    fc.constant(step('goTo(the beginning)', (world, system) => setClock(world, system, NOW))),
    ids.map((id) =>
      step(`revokeToken(${id})`, (world, { revocations }) => {
        world.revokedIds.add(id);
        revocations.revokeToken(id);
      }),
    ),
    fc.tuple(services, fc.integer({ min: -30, max: 30 })).map(([service, seconds]) =>
      step(`revokeService(${service}, ${seconds})`, (world, { revocations }) => {
        const issuedBefore = NOW + seconds;
        world.issuedBefore.set(service, Math.max(issuedBefore, world.issuedBefore.get(service) ?? 0));
        revocations.revokeService(service, { issuedBefore });
      }),
    ),
    fc.shuffledSubarray(SECRETS, { minLength: 1 }).map((secrets) =>
      step(`rotate(${secrets.map((secret) => SECRETS.indexOf(secret)).join()})`, (world, system) => {
        world.secrets = secrets;
        system.rotate(secrets);
      }),
    ),
  ];
}
