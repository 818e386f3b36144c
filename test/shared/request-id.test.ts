import { expect } from 'chai';
import { isRequestId, REQUEST_ID_HEADER, requestIdFrom } from '../../lib/shared/request-id.js';
import { shown } from '../support/shown.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('isRequestId', () => {
  for (const id of ['a', 'A.b_c-9', 'a'.repeat(128)])
    it(`accepts ${id.slice(0, 10)}`, () => expect(isRequestId(id)).to.equal(true));
  for (const id of [
    '',
    ' ',
    'a b',
    'a\n',
    'a,b',
    'é',
    'a/b',
    '<script>',
    '\u001B[31m',
    'a'.repeat(129),
    undefined,
    7,
    ['a'],
  ]) {
    it(`refuses ${shown(id)}`, () => expect(isRequestId(id)).to.equal(false));
  }
});

describe('requestIdFrom', () => {
  it('keeps a sane id and replaces any other by a new UUID', () => {
    expect(requestIdFrom('req-1')).to.equal('req-1');
    expect(requestIdFrom('req 1')).to.match(UUID);
    expect(requestIdFrom(undefined)).to.match(UUID).and.not.equal(requestIdFrom(undefined));
  });
});

describe('REQUEST_ID_HEADER', () => {
  it('is x-request-id', () => expect(REQUEST_ID_HEADER).to.equal('x-request-id'));
});
