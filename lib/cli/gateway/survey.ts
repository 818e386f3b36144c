import { type Document, isAlias, isCollection, isMap, isNode, isPair, isScalar, type Node, type YAMLMap } from 'yaml';

/** What one look at all of a document tells. */
export interface Survey {
  /** Gives what an alias stands for, undefined where that is nothing; any other node as it is. */
  readonly resolve: (node: unknown) => unknown;
  /** Where the first name stands that its map has already. */
  readonly duplicate: number | undefined;
  /** Where the aliases begin to stand for more than they may. */
  readonly excess: number | undefined;
}

/** For how many values all aliases together may stand: each of them has what it stands for read, and judged, once more. */
export const MAX_ALIASED = 10_000;

/**
 * Looks at each node once. The parser's own search for names that stand twice, and for what an alias stands for, begins anew at each
 * name and each alias, so that its time grows with the square of the text.
 */
export function surveyDocument({ contents }: Pick<Document, 'contents'>): Survey {
  const anchors = new Map<string, Node>();
  const targets = new Map<unknown, Node | undefined>();
  const duplicates: number[] = [];
  let aliased = 0;
  let excess: number | undefined;
  // A list and no recursion: what stands in what may be deeper than the stack. Its last one is next in the text.
  const left: unknown[] = [contents];
  while (left.length > 0) {
    const node = left.pop();
    if (isPair(node)) left.push(node.value, node.key);
    if (!isNode(node)) continue;
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      targets.set(node, target);
      aliased += 1 + (isCollection(target) ? target.items.length : 0);
      if (aliased > MAX_ALIASED) excess ??= startOf(node);
      continue;
    }
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isMap(node)) noteDuplicates(node, duplicates);
    if (isCollection(node)) for (const item of node.items.toReversed()) left.push(item);
  }
  return {
    resolve: (node) => (isAlias(node) ? targets.get(node) : node),
    duplicate: duplicates.toSorted((a, b) => a - b)[0],
    excess,
  };
}

function noteDuplicates({ items }: YAMLMap, duplicates: number[]): void {
  const names = new Set<string>();
  for (const { key } of items) {
    if (!isScalar(key)) continue;
    // As their readers take them.
    const name = String(key.value);
    if (names.has(name)) duplicates.push(startOf(key));
    names.add(name);
  }
}

/** Nodes of a text have a place. */
function startOf({ range }: Node): number {
  return (range as NonNullable<Node['range']>)[0];
}
