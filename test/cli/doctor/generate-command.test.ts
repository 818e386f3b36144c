import { expect } from 'chai';
import { generateCommand } from '../../../lib/cli/doctor/generate-command.js';

describe('generateCommand', () => {
  it('names the service, where it is known', () => {
    expect(generateCommand('orders-service')).to.equal("'service-auth generate orders-service'");
    expect(generateCommand(undefined)).to.equal("'service-auth generate'");
  });
});
