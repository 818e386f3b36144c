import type { RevocableToken, RevocationList } from './revocation.js';

/** Tells which state a list is in: the same number for as long as it would say the same of every token. Undefined: not told. May throw what `isRevoked` throws. */
type TellState = () => number | undefined;

interface Told {
  readonly isRevoked: RevocationList['isRevoked'];
  readonly tell: TellState;
}

const told = new WeakMap<RevocationList, Told>();
let lastState = 0;

/** A state that no list of this process has been in. */
export function newState(): number {
  lastState += 1;
  return lastState;
}

/**
 * Makes it known how a list tells its state. Lists of which nobody knows it are asked about every token each time.
 *
 * @returns the list
 */
export function tellingState<List extends RevocationList>(list: List, tell: TellState): List {
  told.set(list, { isRevoked: list.isRevoked, tell });
  return list;
}

/** The state of a list now; undefined where it does not tell, also where somebody has put another `isRevoked` into it. */
export function stateOf(list: RevocationList): number | undefined {
  const known = told.get(list);
  return known === undefined ? undefined : stateBy(known, list);
}

function stateBy({ isRevoked, tell }: Told, list: RevocationList): number | undefined {
  return list.isRevoked === isRevoked ? tell() : undefined;
}

/** A list as a checker asks it. */
export interface AskedList {
  readonly isRevoked: (token: RevocableToken) => unknown;
  /** See {@link stateOf}. */
  readonly state: () => number | undefined;
}

/**
 * Prepares a list to be asked about the same tokens many times: in a state in which it had nothing against a token, it has nothing against it
 * now. So a million revocations cost a request no more than one.
 */
export function askedList(list: RevocationList): AskedList {
  const known = told.get(list);
  return {
    isRevoked: (token) => list.isRevoked(token),
    state: known === undefined ? () => undefined : () => stateBy(known, list),
  };
}
