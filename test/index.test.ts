import { expect } from 'chai';
import * as client from '../lib/client/index.js';
import * as everything from '../lib/index.js';
import * as server from '../lib/server/index.js';
import * as shared from '../lib/shared/index.js';

describe('service-auth', () => {
  it('has every public name of its three parts, and no other', () => {
    expect({ ...everything }).to.deep.equal({ ...shared, ...server, ...client });
  });
});
