import { inspect } from 'node:util';
import { expect } from 'chai';
import { isTenantDeletionError, TENANT_DELETION_CODES, TenantDeletionError } from '../../../lib/client/index.js';
import { isAuthError, isConfigurationError, isServiceRequestError } from '../../../lib/shared/index.js';

describe('TenantDeletionError', () => {
  it('says what is wrong, of which run, and what lies beneath', () => {
    const cause = new Error('ENOSPC');
    const error = new TenantDeletionError('ledger_unavailable', 'The disk is full.', { runId: 'r', cause });
    expect(error).to.be.instanceOf(Error).and.instanceOf(TenantDeletionError);
    expect(error).to.include({
      name: 'TenantDeletionError',
      code: 'ledger_unavailable',
      message: 'The disk is full.',
      runId: 'r',
      cause,
    });
  });

  it('needs neither run nor cause', () => {
    const error = new TenantDeletionError('preview_required', 'Look first.');
    expect(error.runId).to.equal(undefined);
    expect('cause' in error).to.equal(false);
  });

  it('is known to its guard, and to no other', () => {
    const error = new TenantDeletionError('preview_required', 'Look first.');
    expect(isTenantDeletionError(error)).to.equal(true);
    for (const guard of [isAuthError, isConfigurationError, isServiceRequestError]) {
      expect(guard(error), guard.name).to.equal(false);
    }
    for (const other of [undefined, null, 'x', {}, new Error('preview_required')]) {
      expect(isTenantDeletionError(other)).to.equal(false);
    }
    expect(inspect(error)).not.to.include('service-auth.error');
  });

  it('has each code once', () => {
    expect(new Set(TENANT_DELETION_CODES).size).to.equal(TENANT_DELETION_CODES.length);
  });
});
