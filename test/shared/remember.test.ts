import { expect } from 'chai';
import { remember } from '../../lib/shared/remember.js';

describe('remember', () => {
  const counted = (limits?: Parameters<typeof remember>[1]): { asked: string[]; of: (text: string) => string } => {
    const asked: string[] = [];
    const of = remember((text) => {
      asked.push(text);
      return text.toUpperCase();
    }, limits);
    return { asked, of };
  };

  it('works out once what is said of a text', () => {
    const { asked, of } = counted();
    expect([of('a'), of('b'), of('a')]).to.deep.equal(['A', 'B', 'A']);
    expect(asked).to.deep.equal(['a', 'b']);
  });

  it('forgets all where there are more texts than it remembers', () => {
    const { asked, of } = counted({ maxTexts: 2 });
    for (const text of ['a', 'b', 'c', 'c', 'a']) expect(of(text)).to.equal(text.toUpperCase());
    expect(asked).to.deep.equal(['a', 'b', 'c', 'a']);
  });

  it('does not remember long texts', () => {
    const { asked, of } = counted({ maxLength: 3 });
    for (const text of ['abc', 'abcd', 'abc', 'abcd']) of(text);
    expect(asked).to.deep.equal(['abc', 'abcd', 'abcd']);
  });
});
