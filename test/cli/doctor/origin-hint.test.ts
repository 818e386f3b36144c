import { expect } from 'chai';
import { originHint } from '../../../lib/cli/doctor/origin-hint.js';

describe('originHint', () => {
  it('names the options that name a place, where the URL names none', () => {
    expect(originHint(new URL('http://gateway:8080'))).to.match(/--service.*--path.*\. $/);
    expect(originHint(new URL('http://gateway:8080/?a=b'))).to.match(/--path/);
    expect(originHint(new URL('http://gateway:8080/x'))).to.equal('');
  });
});
