import { expect } from 'chai';
import { createKeyRing } from '../../lib/shared/key-ring.js';
import { createRevocationList, type RevocableToken, type RevocationList } from '../../lib/shared/revocation.js';
import { askedList, newState, stateOf, tellingState } from '../../lib/shared/revocation-state.js';
import { createServiceToken } from '../../lib/shared/service-token.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { newSecret } from '../support/keys.js';

const keys = createKeyRing({ current: newSecret() });
const newToken = (): string => createServiceToken('orders-service', { keys, expiresInSeconds: 300 });

describe('the state of a revocation list', () => {
  it('is another one after each entry, and in each list', () => {
    const list = createRevocationList();
    const seen = [stateOf(list), stateOf(createRevocationList())];
    list.revokeToken('a');
    seen.push(stateOf(list));
    list.revokeService('orders-service');
    seen.push(stateOf(list));
    expect(new Set(seen).size).to.equal(4);
    expect(seen).not.to.include(undefined);
  });

  it('stays while nothing is entered', () => {
    const list = createRevocationList();
    list.revokeToken('a', { expiresAt: 1 });
    const before = stateOf(list);
    list.entries();
    list.isRevoked({ tokenId: 'a' });
    expect(() => list.revokeToken('')).to.throw();
    expect(stateOf(list)).to.equal(before);
  });

  it('is not known of a list of an application, nor of one that it has changed or wrapped', () => {
    const own: RevocationList = { isRevoked: () => false };
    const list = createRevocationList();
    expect([stateOf(own), stateOf({ ...list }), stateOf(new Proxy(list, {}))]).to.deep.equal(Array(3).fill(undefined));
    const asked = askedList(list);
    expect(asked.state()).to.be.a('number');
    Object.assign(list, { isRevoked: () => true });
    expect([stateOf(list), asked.state(), asked.isRevoked({})]).to.deep.equal([undefined, undefined, true]);
  });
});

describe('createTokenVerifier, of a token that it remembers', () => {
  it('asks a list that tells its state once in each state', () => {
    let [asked, state] = [0, newState()];
    const isRevoked = (): boolean => {
      asked += 1;
      return false;
    };
    const { verify } = createTokenVerifier({ keys, revocations: tellingState({ isRevoked }, () => state) });
    const token = newToken();
    for (let i = 0; i < 3; i++) verify(token);
    expect(asked).to.equal(1);
    state = newState();
    for (let i = 0; i < 3; i++) verify(token);
    expect(asked).to.equal(2);
  });

  for (const [name, revoke] of Object.entries({
    'the token': (list: ReturnType<typeof createRevocationList>, id: string) => {
      list.revokeToken(id);
    },
    'its service': (list: ReturnType<typeof createRevocationList>) => {
      list.revokeService('orders-service');
    },
    'everything, by another isRevoked': (list: ReturnType<typeof createRevocationList>) => {
      Object.assign(list, { isRevoked: () => true });
    },
  })) {
    it(`refuses it with the next use where ${name} is revoked`, () => {
      const list = createRevocationList();
      const { verify } = createTokenVerifier({ keys, revocations: list });
      const token = newToken();
      const { jti } = verify(token);
      expect(verify(token).jti).to.equal(jti);
      revoke(list, jti as string);
      for (let i = 0; i < 2; i++)
        expect(() => verify(token))
          .to.throw()
          .with.property('code', 'token_revoked');
    });
  }

  it('asks a list of an application each time', () => {
    const asked: RevocableToken[] = [];
    let isRevoked = false;
    const revocations = {
      isRevoked: (token: RevocableToken) => {
        asked.push(token);
        return isRevoked;
      },
    };
    const { verify } = createTokenVerifier({ keys, revocations });
    const token = newToken();
    for (let i = 0; i < 3; i++) verify(token);
    expect(asked).to.have.lengthOf(3);
    isRevoked = true;
    expect(() => verify(token))
      .to.throw()
      .with.property('code', 'token_revoked');
  });

  it('asks each of two lists about the same token', () => {
    const [open, closed] = [createRevocationList(), createRevocationList()];
    const token = newToken();
    createTokenVerifier({ keys, revocations: open }).verify(token);
    closed.revokeService('orders-service');
    expect(() => createTokenVerifier({ keys, revocations: closed }).verify(token))
      .to.throw()
      .with.property('code', 'token_revoked');
  });
});
