import { expect } from 'chai';
import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { MAX_ALIASED, surveyDocument } from '../../../lib/cli/gateway/survey.js';

const survey = (text: string) => {
  const document = parseDocument(text, { uniqueKeys: false });
  const { resolve, ...rest } = surveyDocument(document);
  const at = (name: string) => (isMap(document.contents) ? document.contents.get(name, true) : undefined);
  return { ...rest, resolved: (name: string) => resolve(at(name)) };
};

describe('surveyDocument', () => {
  it('gives what an alias stands for: the last of its name that stands before it', () => {
    const { resolved } = survey('a: &x 1\nb: *x\nc: &x 2\nd: *x\ne: *y\nf: &y 3');
    const valueOf = (name: string): unknown => {
      const node = resolved(name);
      return isScalar(node) ? node.value : node;
    };
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map(valueOf)).to.deep.equal([1, 1, 2, 2, undefined, 3]);
  });

  it('bears a list that holds itself', () => {
    const { resolved, excess } = survey('a: &x [*x]\nb: *x');
    expect([isSeq(resolved('b')), excess]).to.deep.equal([true, undefined]);
  });

  it('finds the first name that its map has already, at any depth', () => {
    for (const [text, offset] of [
      ['a: 1\nb: 2\na: 3', 10],
      ['a: { b: 1, b: 2 }\na: 3', 11],
      ["1: a\n'1': b", 5],
      ['- { a: 1 }\n- { a: 1, ? [a] : 1, ? [a] : 2 }', undefined],
      ['a: { a: 1 }\nb: { a: 1 }', undefined],
      ['', undefined],
    ] as const) {
      expect(survey(text).duplicate).to.equal(offset);
    }
  });

  it('finds where aliases begin to stand for too much, in all', () => {
    const ten = `a: &x [${'1,'.repeat(9)}]\n`;
    const most = MAX_ALIASED / 10;
    expect(survey(`${ten}b: [${'*x,'.repeat(most)}]`).excess).to.equal(undefined);
    expect(survey(`${ten}b: [${'*x,'.repeat(most)}*x, *x]`).excess).to.equal(ten.length + 4 + 3 * most);
  });

  it('looks at each name and each alias once, however many there are', () => {
    let looks = 0;
    const document = parseDocument(
      `a: &x 1\nb: [${'*x,'.repeat(500)}]\nc: {${Array.from({ length: 500 }, (_, i) => `k${i}: 1`).join()}}`,
      {
        uniqueKeys: false,
      },
    );
    const map = document.get('c');
    if (!isMap(map)) throw new Error('no map');
    for (const { key } of map.items) {
      const value: unknown = isScalar(key) ? key.value : undefined;
      Object.defineProperty(key, 'value', { get: () => (looks++, value) });
    }
    surveyDocument(document);
    expect(looks).to.be.at.most(1000);
  });
});
