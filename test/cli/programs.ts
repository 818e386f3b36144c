import { join } from 'node:path';

/** A way to run the command line as a process. */
export interface Program {
  readonly title: string;
  readonly file: string;
  /** For node, before those of the command. */
  readonly args: readonly string[];
}

const root = join(import.meta.dirname, '../..');
const source = join(root, 'lib/cli/main.ts');
const built = join(root, 'dist/esm/cli/main.js');

/** The sources, whose coverage is measured, and what people install. */
export const SOURCE_PROGRAM: Program = {
  title: 'lib/cli/main.ts',
  file: source,
  args: ['--disable-warning=DEP0205', '--import', import.meta.resolve('ts-blank-space/register'), source],
};

export const BUILT_PROGRAM: Program = { title: 'dist/esm/cli/main.js', file: built, args: [built] };

export const PROGRAMS: readonly Program[] = [SOURCE_PROGRAM, BUILT_PROGRAM];
