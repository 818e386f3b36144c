import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { importGraphOf, loadedBy } from './support/import-graph.js';

const LIB = fileURLToPath(new URL('../lib', import.meta.url));

/** What whoever imports an entry must not wait for; a package that is loaded late, or not by this half. */
const NOT_LOADED: readonly (readonly [string, readonly string[]])[] = [
  ['client', ['winston', 'express', 'cockatiel', 'axios-retry', 'jsonwebtoken']],
  ['server', ['axios', 'axios-retry']],
  ['shared', ['axios', 'axios-retry', 'express']],
];

describe('what an entry loads', () => {
  for (const [entry, packages] of NOT_LOADED) {
    const { files, packages: found } = importGraphOf(`${LIB}/${entry}/index.ts`);
    for (const name of packages) {
      it(`lib/${entry} does not load ${name}`, () => {
        const way = (found.get(name) ?? []).map((file) => file.slice(LIB.length + 1));
        expect(way).to.deep.equal([]);
      });
    }

    it(`lib/${entry} is followed through its files`, () => {
      expect(files).to.include(`${LIB}/shared/errors.ts`);
      expect(files.size).to.be.greaterThan(20);
    });
  }

  it('is found where it is loaded', () => {
    expect(importGraphOf(`${LIB}/client/index.ts`).packages).to.include.keys('axios');
    expect(importGraphOf(`${LIB}/shared/index.ts`).packages).to.include.keys('winston');
  });

  it('is read from the text of a file', () => {
    const source = `
import a from 'a';
import b, { type B } from 'b/deep';
import * as c from '@c/c';
import {
  type D,
  d,
} from './d.js';
import './e.js';
export { f } from './f.js';
export * from './g.js';
import type { No } from 'type';
export type { Nor } from 'type';
export const late = async () => import('late');
  const text = "import x from 'x';";
`;
    expect(loadedBy(source)).to.deep.equal(['a', 'b/deep', '@c/c', './d.js', './e.js', './f.js', './g.js']);
  });
});
