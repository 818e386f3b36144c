import { expect } from 'chai';
import { matchTenantRoute } from '../../../lib/server/tenant-data/tenant-routes.js';
import { previewPath, tenantPath } from '../../../lib/shared/tenant-data.js';

describe('matchTenantRoute', () => {
  it('knows the paths of the contract', () => {
    for (const id of ['t-1', 'ä ö', 'a/b', '%', '%2f', '...', 'x'.repeat(255)]) {
      const params = { tenantId: id };
      expect(matchTenantRoute('GET', previewPath(id))).to.deep.include({ action: 'preview', params, isReadable: true });
      expect(matchTenantRoute('HEAD', previewPath(id))).to.deep.include({ action: 'preview', params });
      expect(matchTenantRoute('DELETE', tenantPath(id))).to.deep.include({ action: 'erase', params, isReadable: true });
      expect(matchTenantRoute('GET', `${tenantPath(id)}/deletions/k%2f1`)).to.deep.include({
        action: 'progress',
        params: { ...params, key: 'k/1' },
        isReadable: true,
      });
    }
  });

  it('shows the path as it came where it cannot be decoded', () => {
    expect(matchTenantRoute('DELETE', '/tenant/%zz')).to.deep.equal({
      action: 'erase',
      pattern: '/tenant/:tenantId',
      params: { tenantId: '%zz' },
      isReadable: false,
    });
  });

  for (const [method, path] of [
    ['DELETE', '/'],
    ['DELETE', '/tenant'],
    ['DELETE', '/tenant/'],
    ['DELETE', '/tenant/t-1/'],
    ['DELETE', '//tenant/t-1'],
    ['DELETE', '/TENANT/t-1'],
    ['DELETE', '/x/tenant/t-1'],
    ['DELETE', '/tenant/t-1/deletion-preview'],
    ['DELETE', '/tenant/t-1/deletions/k'],
    ['GET', '/tenant/t-1'],
    ['HEAD', '/tenant/t-1'],
    ['POST', '/tenant/t-1'],
    ['POST', '/tenant/t-1/deletion-preview'],
    ['GET', '/tenant//deletion-preview'],
    ['GET', '/tenant/t-1/deletion-preview/'],
    ['GET', '/tenant/t-1/deletions/'],
    ['GET', '/tenant/t-1/deletions/k/l'],
  ] as const) {
    it(`leaves ${method} ${path} to others`, () => {
      expect(matchTenantRoute(method, path)).to.equal(undefined);
    });
  }
});
