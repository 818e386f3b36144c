import { expect } from 'chai';
import { requireRole } from '../../lib/server/require-role.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { guarded } from '../support/guarded.js';
import { newSecret } from '../support/keys.js';
import { bearerLine, serviceToken, userToken } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { misconfiguredBy } from '../support/refusals.js';
import { send } from '../support/wire.js';

const secret = newSecret();
const logger = recordingLogger();

for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`requireRole, ${name}`, () => {
    const answer = async (guard: ReturnType<typeof requireRole>, ...lines: readonly string[]): Promise<string> => {
      const app = guarded(express, secret, guard);
      const { status, text } = await send(app, { lines });
      expect(app.handled()).to.equal(status === 200 ? 1 : 0);
      return status === 200 ? 'granted' : `${String(status)} ${(JSON.parse(text) as { code: string }).code}`;
    };

    // H13
    it('lets in people and services with one of the roles, compared exactly', async () => {
      for (const guard of [requireRole('admin', 'auditor'), requireRole({ roles: ['admin', 'auditor'], logger })]) {
        expect(await answer(guard, bearerLine(serviceToken(secret)))).to.equal('granted');
        expect(await answer(guard, bearerLine(serviceToken(secret, { role: 'auditor' })))).to.equal('granted');
        expect(await answer(guard, bearerLine(userToken(secret, { role: 'admin' })))).to.equal('granted');
        for (const role of ['reader', 'Admin', 'admins', 'constructor']) {
          expect(await answer(guard, bearerLine(serviceToken(secret, { role })))).to.equal('403 role_not_allowed');
          expect(await answer(guard, bearerLine(userToken(secret, { role })))).to.equal('403 role_not_allowed');
        }
        expect(await answer(guard, bearerLine(userToken(secret, { role: undefined })))).to.equal(
          '403 role_not_allowed',
        );
        expect(await answer(guard)).to.equal('401 missing_credentials');
      }
    });
  });
}

describe('requireRole: arguments', () => {
  it('demands a role', () => {
    const call = requireRole as unknown as (...args: unknown[]) => unknown;
    for (const args of [[], [{}], [{ roles: undefined }], [{ roles: [] }], [''], ['a b'], [{ roles: [undefined] }]]) {
      expect(misconfiguredBy(() => call(...args))).to.equal('roles');
    }
    for (const args of [[undefined], [null], [['admin']], [7]]) {
      expect(misconfiguredBy(() => call(...args))).to.equal('requireRole');
    }
    expect(misconfiguredBy(() => call({ role: ['admin'] }))).to.equal("'role'");
    call('admin');
  });
});
