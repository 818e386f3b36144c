export interface Fence {
  /** The first word of the info string: `ts`. */
  readonly language: string;
  /** The rest of the info string. */
  readonly attributes: string;
  /** Index of the line with the opening backticks. */
  readonly openLine: number;
  /** Index of the line with the closing ones. */
  readonly closeLine: number;
  /** What stands between, without the indentation of the fence. */
  readonly code: string;
  /** The white space before the fence. */
  readonly indent: string;
}

export interface Prose {
  /** Index of the line. */
  readonly line: number;
  readonly text: string;
}

/** Splits a document into its fenced blocks and the lines outside them. */
export function readMarkdown(lines: readonly string[]): { fences: Fence[]; prose: Prose[] } {
  const fences: Fence[] = [];
  const prose: Prose[] = [];
  for (let line = 0; line < lines.length; line += 1) {
    const text = lines[line] ?? '';
    const open = /^(\s*)(`{3,}|~{3,})\s*([^\s`]*)\s*([^`]*)$/.exec(text);
    if (open === null) {
      prose.push({ line, text });
      continue;
    }
    const [, indent = '', marks = '', language = '', attributes = ''] = open;
    const closing = new RegExp(`^\\s*${marks.charAt(0)}{${String(marks.length)},}\\s*$`);
    const openLine = line;
    do {
      line += 1;
    } while (line < lines.length && !closing.test(lines[line] ?? ''));
    const code = lines
      .slice(openLine + 1, line)
      .map((inner) => (inner.startsWith(indent) ? inner.slice(indent.length) : inner.trimStart()))
      .join('\n');
    fences.push({ language: language.toLowerCase(), attributes, openLine, closeLine: line, code, indent });
  }
  return { fences, prose };
}

/** Is the block a program of ours, whatever it calls the language? */
export function isCode({ language }: Fence): boolean {
  return /^(?:[cm]?[jt]sx?|typescript|javascript|node)$/.test(language);
}

/** The anchors of a document, as GitHub makes them from its headings, and those it sets by `id` or `name`. */
export function anchorsOf(prose: readonly Prose[]): Set<string> {
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  for (const { text } of prose) {
    for (const [, id = ''] of text.matchAll(/<[a-z][^>]*\s(?:id|name)="([^"]+)"/gi)) {
      anchors.add(id);
    }
    const heading = /^ {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$/.exec(text)?.[1];
    if (heading !== undefined) {
      const slug = slugOf(heading);
      const count = seen.get(slug) ?? 0;
      seen.set(slug, count + 1);
      anchors.add(count === 0 ? slug : `${slug}-${String(count)}`);
    }
  }
  return anchors;
}

function slugOf(heading: string): string {
  return heading
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/<[^>]*>/g, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-');
}
