import { expect } from 'chai';
import { inJson } from '../../lib/cli/output.js';

describe('inJson', () => {
  it('is JSON that a terminal shows and does nothing else with', () => {
    const value = { 'a\u009b31m': '\u202eevil\u2069', b: ['\u007f', '\ufeff', 'grün 日本 🥐'] };
    const text = inJson(value);
    expect(text).to.match(/^[^\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$/);
    expect(text).to.include('\\u009b31m').and.to.include('grün 日本 🥐');
    expect(JSON.parse(text)).to.deep.equal(value);
  });
});
