import { expect } from 'chai';
import { requireUser } from '../../lib/server/require-user.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { guarded } from '../support/guarded.js';
import { newSecret } from '../support/keys.js';
import { assertionFor, assertionLine, bearerLine, serviceToken, userToken } from '../support/proofs.js';
import { recordingLogger } from '../support/recording-logger.js';
import { misconfiguredBy } from '../support/refusals.js';
import { send } from '../support/wire.js';

const secret = newSecret();
const person = userToken(secret);
const logger = recordingLogger();

for (const { name, express } of EXPRESS_VERSIONS) {
  const answer = async (guard: ReturnType<typeof requireUser>, ...lines: readonly string[]): Promise<string> => {
    const app = guarded(express, secret, guard);
    const { status, text } = await send(app, { lines });
    expect(app.handled()).to.equal(status === 200 ? 1 : 0);
    return status === 200 ? 'granted' : `${String(status)} ${(JSON.parse(text) as { code: string }).code}`;
  };

  describe(`requireUser, ${name}`, () => {
    // V9: a service token where an access token is expected
    it('lets in any person where it is told no role', async () => {
      for (const guard of [requireUser(), requireUser({}), requireUser({ roles: undefined, logger })]) {
        expect(await answer(guard, bearerLine(person))).to.equal('granted');
        expect(await answer(guard, assertionLine(assertionFor(person, secret)))).to.equal('granted');
        expect(await answer(guard, bearerLine(userToken(secret, { role: undefined })))).to.equal('granted');
        expect(await answer(guard, bearerLine(serviceToken(secret)))).to.equal('403 user_required');
        expect(await answer(guard)).to.equal('401 missing_credentials');
      }
    });

    // H13
    it('lets in people with one of the roles that it is told, compared exactly', async () => {
      for (const guard of [requireUser('admin', 'owner'), requireUser({ roles: ['admin', 'owner'], logger })]) {
        expect(await answer(guard, bearerLine(person))).to.equal('granted');
        for (const role of ['Owner', 'owne', 'owners', 'member', 'constructor', undefined]) {
          expect(await answer(guard, bearerLine(userToken(secret, { role })))).to.equal('403 role_not_allowed');
        }
        expect(await answer(guard, bearerLine(serviceToken(secret, { role: 'owner' })))).to.equal('403 user_required');
      }
    });
  });
}

describe('requireUser: arguments', () => {
  it('refuses what is no role, no list or no option', () => {
    for (const role of ['', ' ', 'a b', 'a,b', 'a\n']) {
      expect(misconfiguredBy(() => requireUser(role))).to.equal('roles');
      expect(misconfiguredBy(() => requireUser({ roles: ['owner', role] }))).to.equal('roles');
    }
    for (const roles of [[], [[]], 'owner', null, {}]) {
      expect(misconfiguredBy(() => requireUser({ roles: roles as string[] }))).to.equal('roles');
    }
    for (const args of [[undefined], [[]], [['owner']], [null], [7]]) {
      expect(misconfiguredBy(() => requireUser(...(args as unknown as string[])))).to.equal('requireUser');
    }
    expect(misconfiguredBy(() => requireUser({ role: ['owner'] } as never))).to.equal("'role'");
    expect(misconfiguredBy(() => requireUser({ services: ['a'] } as never))).to.equal("'services'");
  });
});
