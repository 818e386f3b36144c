import { expect } from 'chai';
import { portOf } from '../../../lib/cli/doctor/port-of.js';

describe('portOf', () => {
  it('is that of the URL, else the usual one', () => {
    const ports = ['http://a:8000/', 'http://a/', 'https://a/', 'https://a:80/'].map((url) => portOf(new URL(url)));
    expect(ports).to.deep.equal(['8000', '80', '443', '80']);
  });
});
