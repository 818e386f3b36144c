import { expect } from 'chai';
import { audiencesIn, readUnproven, serviceIn, type UnprovenToken } from '../../../lib/cli/doctor/read-unproven.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { newSecret } from '../../support/keys.js';

describe('readUnproven', () => {
  it('takes a token apart', () => {
    const text = createServiceToken('orders-service', { keys: newSecret() });
    const token = readUnproven(text) as UnprovenToken;
    expect(token).to.include({ text, headerType: 'JWT' });
    expect(token.keyId).to.match(/^.{12}$/);
    expect(token.payload).to.include({ service: 'orders-service' });
  });

  it('says why a text cannot be taken apart', () => {
    expect(readUnproven('orders')).to.deep.equal({ reason: 'not_a_jwt' });
    expect(readUnproven('bm8.bm8.bm8')).to.deep.equal({ reason: 'header_not_json' });
  });
});

const token = (payload: object): UnprovenToken => ({
  text: '',
  keyId: undefined,
  headerType: undefined,
  payload: { ...payload },
});

describe('audiencesIn', () => {
  it('gives those that are texts', () => {
    expect(audiencesIn(token({ aud: 'a' }))).to.deep.equal(['a']);
    expect(audiencesIn(token({ aud: ['a', 7, 'b'] }))).to.deep.equal(['a', 'b']);
    expect(audiencesIn(token({}))).to.deep.equal([]);
  });
});

describe('serviceIn', () => {
  it('gives a name of a service, and nothing else', () => {
    expect(serviceIn(token({ service: 'orders-service' }))).to.equal('orders-service');
    expect(serviceIn(token({ service: 'Orders\u001b' }))).to.equal(undefined);
    expect(serviceIn(token({}))).to.equal(undefined);
  });
});
