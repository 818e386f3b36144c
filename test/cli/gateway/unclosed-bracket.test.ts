import { expect } from 'chai';
import { unclosedBracket } from '../../../lib/cli/gateway/unclosed-bracket.js';

describe('unclosedBracket', () => {
  const TABLE: readonly (readonly [
    text: string,
    bracket: '{' | '[',
    opened: number,
    noticed: number,
    right: string,
  ])[] = [
    ['name: [a, b', '[', 6, 11, 'name: [a, b]'],
    ['listen: { port: 80\nname: a', '{', 8, 19, 'listen: { port: 80 }\nname: a'],
    ['a:\n  b: { c: d\n  e: { f: g }', '{', 8, 17, 'a:\n  b: { c: d }\n  e: { f: g }'],
    ['a: [b, {c: d]', '{', 7, 12, 'a: [b, {c: d}]'],
    ['a: [b}', '[', 3, 5, 'a: [b]'],
    ['a: ["]", \'[\', x] # [\nb: [', '[', 24, 25, 'a: ["]", \'[\', x] # [\nb: []'],
    ['--- [a', '[', 4, 6, '--- [a]'],
    ['\ufeffa: [', '[', 4, 5, '\ufeffa: []'],
  ];
  for (const [text, bracket, opened, noticed, right] of TABLE) {
    it(`finds the one in ${JSON.stringify(text)}`, () => {
      expect(unclosedBracket(text)).to.deep.equal({ bracket, opened, noticed });
      expect(unclosedBracket(right)).to.equal(undefined);
    });
  }

  it('takes a bracket in a text, or one that closes nothing, for none', () => {
    for (const text of ['a: b[', 'a: |\n  [\nb: >\n  {', 'a: "["', 'a: ]', '[]]']) {
      expect(unclosedBracket(text)).to.equal(undefined);
    }
  });
});
