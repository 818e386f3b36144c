import { expect } from 'chai';
import fc from 'fast-check';
import { jsonFault } from '../../../lib/cli/gateway/json-fault.js';

const faultOf = (text: string) => jsonFault(text, (offset) => `@${offset}`);
const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('jsonFault', () => {
  const TABLE: readonly (readonly [wrong: string, offset: number, message: RegExp, right: string])[] = [
    ['[1,]', 2, /^Nothing follows this comma/, '[1]'],
    ['{"a": 1, }', 7, /^Nothing follows this comma/, '{"a": 1 }'],
    ['{"a": 1 "b": 2}', 8, /^A comma is missing before this/, '{"a": 1, "b": 2}'],
    ['[1 2]', 3, /^A comma is missing before this/, '[1, 2]'],
    ['{"a" 1}', 5, /^A colon is missing before this/, '{"a": 1}'],
    ['{a: 1}', 1, /^A name in double quotes belongs here/, '{"a": 1}'],
    ["{'a': 1}", 1, /^A name in double quotes belongs here/, '{"a": 1}'],
    ['{"a": 1, b: 2}', 9, /^A name in double quotes belongs here/, '{"a": 1, "b": 2}'],
    ['{"a": yes}', 6, /^A value belongs here/, '{"a": true}'],
    ['[1,,2]', 3, /^A value belongs here/, '[1,2]'],
    ['[:]', 1, /^A value belongs here/, '[]'],
    ['', 0, /^A value belongs here/, '1'],
    ['["a\nb"]', 1, /^A text in quotes is not closed in its line/, '["a\\nb"]'],
    ['["\\x"]', 1, /^A text in quotes .* an escape/, '["\\u0078"]'],
    ['{} /* so */', 3, /^JSON has no comments/, '{}'],
    ['{"a": 1 // so\n}', 8, /^JSON has no comments/, '{"a": 1\n}'],
    ['[# so\n]', 1, /^JSON has no comments/, '[\n]'],
    ['{}]', 2, /^The file goes on here/, '{}'],
    ['{"a": [1, 2', 11, /^The \[ that was opened at @6 is not closed: its \] is missing/, '{"a": [1, 2]}'],
    ['{"a": [1}', 8, /^The \[ that was opened at @6 is not closed/, '{"a": [1]}'],
    ['{"a": [1,}', 9, /^The \[ that was opened at @6 is not closed/, '{"a": [1]}'],
    ['[{"a": 1]', 8, /^The \{ that was opened at @1 is not closed: its \} is missing/, '[{"a": 1}]'],
    ['{"a"}', 4, /^A colon is missing/, '{"a": 1}'],
    ['{"a":}', 5, /^A value belongs here/, '{"a": 1}'],
  ];
  for (const [wrong, offset, message, right] of TABLE) {
    it(`finds what is wrong with ${JSON.stringify(wrong)}`, () => {
      const fault = faultOf(wrong);
      expect(fault?.offset).to.equal(offset);
      expect(fault?.message).to.match(message);
      expect(faultOf(right)).to.equal(undefined);
    });
  }

  it('agrees with JSON.parse', () => {
    const parts = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', ' ', '\n', '\t', '\r'],
      '""',
      '"a"',
      '"\\',
      '\\u00e9"',
      '0',
      '-1.5e+3',
      '01',
      'true',
      'null',
      '"\u0001"',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.array(parts).map((list) => list.join('')),
        ),
        (text) => {
          expect(faultOf(text) === undefined).to.equal(isJson(text));
          for (const cut of [text.slice(1), text.slice(0, -1), `${text},`]) {
            expect(faultOf(cut) === undefined).to.equal(isJson(cut));
          }
        },
      ),
    );
  });

  it('reads brackets that stand in each other deeper than the stack', () => {
    expect(faultOf('['.repeat(100_000) + ']'.repeat(100_000))).to.equal(undefined);
    expect(faultOf('['.repeat(100_000))?.offset).to.equal(100_000);
  });
});
