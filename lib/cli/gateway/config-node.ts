import { isMap, isScalar, isSeq, type Node } from 'yaml';
import { isConfigurationError } from '../../shared/errors.js';
import { checkOptionNames, describe, readFlag, wholeNumber } from '../../shared/options.js';

/** One value of a configuration with its place. Each reader notes what is wrong, and gives undefined then: all faults are told at once. */
export interface ConfigNode {
  /** Such as `routes./api/v1/orders.url`; empty for the whole. */
  readonly path: string;
  /** Notes a fault: what follows its path in a sentence. */
  readonly complain: (what: string) => void;
  /**
   * Notes as a fault of this value what `act` throws as a ConfigurationError.
   *
   * @param act - is given the path, to name the value by
   * @param alias - what it calls the value instead
   */
  readonly take: <Value>(act: (path: string) => Value, alias?: string) => Value | undefined;
  /** A text that is not empty. */
  readonly text: (example: string) => string | undefined;
  readonly flag: () => boolean | undefined;
  readonly wholeNumber: (limits: { readonly min: number; readonly max: number }) => number | undefined;
  readonly items: (example: string) => readonly ConfigNode[];
  /** What stands under names that the file chooses. */
  readonly entries: (example: string) => ReadonlyMap<string, ConfigEntry>;
  /**
   * What stands under the names that there are.
   *
   * @param known - the names
   * @param secrets - what to do with a secret that stands here
   */
  readonly fields: (known: readonly string[], secrets?: string) => Readonly<Record<string, ConfigNode | undefined>>;
  readonly isMap: () => boolean;
}

/** A value under a name that the file chose. */
export interface ConfigEntry {
  readonly value: ConfigNode;
  /** The same, placed where its name stands: for faults of the name. */
  readonly name: ConfigNode;
}

/** What people call the key itself. */
const OF_SECRETS = /^(?:current|previous|key|keys|secret|secrets|value|password|jwt.*|pem|private.*)$/i;

/** Longer than any name of ours: it may be a secret in the wrong place. Paths are none. */
const MAX_SHOWN = 30;

/**
 * @param path - of the value
 * @param given - the node; undefined: nothing is there
 * @param offset - where it stands
 * @param resolve - gives what an alias stands for
 * @param report - takes faults
 */
export function createConfigNode(
  path: string,
  given: unknown,
  offset: number,
  resolve: (node: unknown) => unknown,
  report: (offset: number, message: string) => void,
): ConfigNode {
  const node = resolve(given);
  const scalar = isScalar(node) ? node.value : undefined;
  const value: unknown = isScalar(node) ? scalar : isSeq(node) ? node.items : isMap(node) ? {} : undefined;
  const isNothing = value === null || value === undefined;
  const complain = (what: string): void => {
    report(offset, path === '' ? `The configuration ${what}` : `${path} ${what}`);
  };
  const expected = (what: string): void => {
    complain(`must be ${what}, not ${isNothing ? 'empty' : describe(value)}.`);
  };
  const take: ConfigNode['take'] = (act, alias = path) => {
    try {
      return act(path);
    } catch (error) {
      if (!isConfigurationError(error)) throw error;
      const message = error.message.replaceAll(alias, path);
      report(offset, message.includes(path) ? message : `${path}: ${message}`);
      return undefined;
    }
  };

  const pairs = (example: string): readonly Pair[] => {
    if (!isMap(node)) {
      expected(`names with values, such as ${example}`);
      return [];
    }
    return node.items.map(({ key, value: under }) => {
      const name = isScalar(key) ? String(key.value) : '';
      const shown = name.startsWith('/') || name.length <= MAX_SHOWN ? name : '…';
      const make = (at: unknown): ConfigNode =>
        createConfigNode(path === '' ? shown : `${path}.${shown}`, under, startOf(at) ?? offset, resolve, report);
      return { name, at: make(isEmpty(under) ? key : under), atName: () => make(key) };
    });
  };

  return {
    path,
    complain,
    take,
    text(example) {
      if (typeof scalar === 'string' && scalar.trim() !== '') return scalar;
      expected(`a text such as ${example}`);
      return undefined;
    },
    flag() {
      if (!isNothing) return take(() => readFlag(path, value as boolean, false));
      expected('true or false');
      return undefined;
    },
    wholeNumber(limits) {
      if (!isNothing) return take(() => wholeNumber(path, value as number, { ...limits, fallback: 0 }));
      expected('a number');
      return undefined;
    },
    items(example) {
      if (!isSeq(node)) {
        expected(`a list such as ${example}`);
        return [];
      }
      return node.items.map((item, index) =>
        createConfigNode(`${path}[${String(index)}]`, item, startOf(item) ?? offset, resolve, report),
      );
    },
    entries: (example) => new Map(pairs(example).map(({ name, at, atName }) => [name, { value: at, name: atName() }])),
    fields(known, secrets) {
      if (!isMap(node) && secrets !== undefined && path !== '') {
        complain(`must be names with values, such as ${known[0] as string}: …. A secret has no place here. ${secrets}`);
        return {};
      }
      const found = pairs(`${known[0] as string}: …`);
      for (const { name, atName } of found.filter((pair) => !known.includes(pair.name))) {
        const unknown = atName();
        if (secrets !== undefined && OF_SECRETS.test(name))
          unknown.complain(`would be a secret in this file. ${secrets}`);
        else
          unknown.take(() => {
            checkOptionNames(path === '' ? 'the configuration' : path, { [name]: 0 }, known);
          });
      }
      return Object.fromEntries(known.map((name) => [name, found.find((pair) => pair.name === name)?.at]));
    },
    isMap: () => isMap(node),
  };
}

interface Pair {
  readonly name: string;
  readonly at: ConfigNode;
  /** The same, placed where its name stands. */
  readonly atName: () => ConfigNode;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}
