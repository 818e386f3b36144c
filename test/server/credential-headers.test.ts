import { createServer, type IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { isGatewaysWord, readCredentialHeaders, settleIdentityHeaders } from '../../lib/server/credential-headers.js';
import { IDENTITY_HEADERS } from '../../lib/shared/identity-headers.js';
import { exchange, requestText } from '../support/wire.js';

/** A request with the three forms of its headers, as Node makes them. */
function request(...pairs: readonly (readonly [string, string])[]): IncomingMessage {
  const headers: Record<string, string> = {};
  const headersDistinct: Record<string, string[]> = {};
  for (const [name, value] of pairs) {
    headers[name.toLowerCase()] = value;
    (headersDistinct[name.toLowerCase()] ??= []).push(value);
  }
  return { rawHeaders: pairs.flat(), headers, headersDistinct } as unknown as IncomingMessage;
}

describe('readCredentialHeaders', () => {
  // H1
  it('collects every line, in order, and no other header', () => {
    const found = readCredentialHeaders(
      request(['Authorization', 'a'], ['X-User-Id', 'b'], ['AUTHORIZATION', 'c'], ['Accept', 'd'], ['x-user-id', 'e']),
    );
    expect(found.authorization).to.deep.equal(['a', 'c']);
    expect(found.assertion).to.deep.equal([]);
    expect([...found.identity]).to.deep.equal([['x-user-id', ['b', 'e']]]);
    expect(found.passedOn).to.equal(false);
  });

  it('tells whether a proxy passed the request on', () => {
    for (const name of ['Forwarded', 'VIA', 'X-Real-Ip', 'X-Forwarded-For', 'x-forwarded-anything']) {
      expect(readCredentialHeaders(request([name, ''])).passedOn, name).to.equal(true);
      const bare = { headers: { [name]: '' } } as unknown as IncomingMessage;
      expect(readCredentialHeaders(bare).passedOn, name).to.equal(true);
    }
    for (const name of ['Forwarded-For', 'Viaduct', 'X-Forward', 'X-ForwardedFor']) {
      expect(readCredentialHeaders(request([name, ''])).passedOn, name).to.equal(false);
    }
  });

  it('reads right when it has met more names than it remembers', () => {
    for (let i = 0; i < 3000; i++) readCredentialHeaders(request([`x-other-${String(i)}`, ''], ['X-User-Id', 'u']));
    const found = readCredentialHeaders(request(['X-User-Id', 'u'], ['x-other-7', '']));
    expect([...found.identity]).to.deep.equal([['x-user-id', ['u']]]);
  });

  describe('says that there is nothing to settle', () => {
    const usual = [
      ['Authorization', 'a'],
      ['X-Gateway-Assertion', 'b'],
      ['Via', 'c'],
      ['Accept', 'd'],
      ['Author', 'e'],
      ['X-Other', 'f'],
    ] as const;

    it('where nothing but the credentials says who calls', () => {
      expect(readCredentialHeaders(request(...usual))).to.deep.equal({
        authorization: ['a'],
        assertion: ['b'],
        identity: new Map(),
        passedOn: true,
        isSettled: true,
      });
      expect(readCredentialHeaders(request(['Accept', 'd'])).isSettled).to.equal(true);
    });

    for (const [name, change, expected] of [
      ['an identity header', { raw: ['X-User-Id', 'u'], headers: { 'x-user-id': 'u' } }, { identity: 1 }],
      ['an identity header that was removed', { raw: ['X-User-Id', 'u'] }, {}],
      ['an identity header that was added', { headers: { 'x-user-id': 'u' } }, { identity: 1 }],
      ['an alias', { raw: ['X_User_Id', 'u'], headers: { x_user_id: 'u' } }, {}],
      ['an alias that was added', { headers: { 'x.user.id': 'u' } }, {}],
      ['another Authorization', { raw: ['authorization', 'z'] }, { authorization: ['a', 'z'] }],
      ['another assertion', { raw: ['x-gateway-assertion', 'z'] }, { assertion: ['b', 'z'] }],
      ['an Authorization that was changed', { headers: { authorization: 'z' } }, { authorization: ['a', 'z'] }],
      ['an assertion that was removed', { headers: { 'x-gateway-assertion': undefined } }, { assertion: [] }],
      ['a credential that is no text', { raw: ['X-Gateway-Assertion', 7] }, { assertion: ['b', undefined] }],
    ] as const) {
      it(`but not with ${name}`, () => {
        const req = request(...usual);
        const { raw = [], headers = {} } = change as { raw?: unknown[]; headers?: object };
        (req.rawHeaders as unknown[]).push(...raw);
        Object.assign(req.headers, headers);
        const { identity, ...found } = readCredentialHeaders(req);
        expect(found).to.deep.equal({
          authorization: ['a'],
          assertion: ['b'],
          passedOn: true,
          isSettled: false,
          ...Object.fromEntries(Object.entries(expected).filter(([key]) => key !== 'identity')),
        });
        expect(identity.size).to.equal('identity' in expected ? expected.identity : 0);
      });
    }
  });
});

describe('settleIdentityHeaders', () => {
  const proven = { 'x-user-id': 'u-1', 'x-user-role': 'owner' };

  it('overwrites what is proven and removes the rest, in all three forms', () => {
    const req = request(['X-User-Id', 'forged'], ['x-tenant-id', 't-9'], ['X_User_Role', 'admin'], ['Accept', 'a']);
    settleIdentityHeaders(req, proven);
    expect(req.headers).to.deep.equal({ 'x-user-id': 'u-1', accept: 'a' });
    expect(req.headersDistinct).to.deep.equal({ 'x-user-id': ['u-1'], accept: ['a'] });
    expect(req.rawHeaders).to.have.length(8);
    expect(req.rawHeaders.filter((_, i) => i % 2 === 0)).to.deep.equal([
      'X-User-Id',
      'x-removed-identity-header',
      'x-removed-identity-header',
      'Accept',
    ]);
    expect(req.rawHeaders.filter((_, i) => i % 2 === 1)).to.deep.equal(['u-1', '', '', 'a']);
  });

  it('touches nothing where headers already agree', () => {
    const req = request(['X-User-Id', 'u-1'], ['Accept', 'a']);
    Object.defineProperty(req, 'headersDistinct', {
      get: () => expect.fail('headersDistinct was built for nothing'),
    });
    settleIdentityHeaders(req, proven);
    expect(req.headers).to.deep.equal({ 'x-user-id': 'u-1', accept: 'a' });
    expect(req.rawHeaders).to.deep.equal(['X-User-Id', 'u-1', 'Accept', 'a']);
  });

  it('removes further names that it is given', () => {
    const req = request(['AUTHORIZATION', 'Bearer x'], ['Cookie', 'c'], ['X-User-Id', 'u-1'], ['Accept', 'a']);
    settleIdentityHeaders(req, proven, ['authorization', 'cookie']);
    expect(req.headers).to.deep.equal({ 'x-user-id': 'u-1', accept: 'a' });
    expect(req.headersDistinct).to.deep.equal({ 'x-user-id': ['u-1'], accept: ['a'] });
    expect(req.rawHeaders.join('|')).not.to.include('Bearer');
    expect(req.rawHeaders).to.have.length(8);
  });

  it('keeps Authorization and the assertion unless it is told to remove them', () => {
    const lines = [
      ['Authorization', 'Bearer x'],
      ['X-Gateway-Assertion', 'y'],
      ['X-User-Id', 'z'],
    ] as const;
    const req = request(...lines);
    settleIdentityHeaders(req, undefined);
    expect(req.headers).to.deep.equal({ authorization: 'Bearer x', 'x-gateway-assertion': 'y' });
    settleIdentityHeaders(req, undefined, ['x-gateway-assertion']);
    expect(req.headers).to.deep.equal({ authorization: 'Bearer x' });
    expect(req.headersDistinct).to.deep.equal({ authorization: ['Bearer x'] });
  });

  it('settles headersDistinct also where req.headers alone has something to hide', () => {
    const req = request(['Accept', 'a']);
    Object.assign(req.headers, { 'x-user-id': 'forged' });
    Object.assign(req.headersDistinct, { 'x-user-id': ['forged'] });
    settleIdentityHeaders(req, undefined);
    expect(req.headers).to.deep.equal({ accept: 'a' });
    expect(req.headersDistinct).to.deep.equal({ accept: ['a'] });
  });

  it('does without rawHeaders and headersDistinct', () => {
    const req = {
      headers: { 'X-User-Id': 'forged', 'x-user-role': 'admin', accept: 'a' },
    } as unknown as IncomingMessage;
    settleIdentityHeaders(req, proven);
    expect(req.headers).to.deep.equal({ 'x-user-role': 'owner', accept: 'a' });
  });
});

describe('isGatewaysWord', () => {
  // H5
  it('knows identity headers, the assertion and their aliases, in any case, and the request id', () => {
    for (const name of [...IDENTITY_HEADERS, 'x-gateway-assertion']) {
      for (const spelling of [name, name.toUpperCase(), name.replaceAll('-', '_'), name.replaceAll('-', '.')]) {
        expect(isGatewaysWord(spelling), spelling).to.equal(true);
      }
    }
    expect(isGatewaysWord('x-request-id')).to.equal(true);
  });

  it('knows no other', () => {
    for (const name of ['authorization', 'x-user', 'user-id', 'x-user-idx', 'xuserid', 'via']) {
      expect(isGatewaysWord(name), name).to.equal(false);
    }
  });
});

describe('isGatewaysWord, of a removed line', () => {
  it('knows the name that a removed line gets', () => {
    const req = request(['X-User-Id', 'forged'], ['Accept', 'a']);
    settleIdentityHeaders(req, undefined);
    expect([req.rawHeaders[0], req.rawHeaders[2]].map((name) => isGatewaysWord(String(name)))).to.deep.equal([
      true,
      false,
    ]);
  });
});

describe('settleIdentityHeaders, of a request of Node’s', () => {
  for (const when of ['before', 'after'] as const) {
    it(`leaves nothing in headersDistinct that is first asked for ${when} it`, async () => {
      let distinct: NodeJS.Dict<string[]> = {};
      const server = createServer((req, res) => {
        if (when === 'before') expect(req.headersDistinct['x-user-id']).to.deep.equal(['forged', 'twice']);
        settleIdentityHeaders(req, undefined, ['authorization']);
        distinct = req.headersDistinct;
        res.end();
      });
      const lines = [
        'X-User-Id: forged',
        'X_Service_Name: forged',
        'x-user-id: twice',
        'Authorization: Bearer x',
        'A: b',
      ];
      await exchange(server, requestText({ lines }));
      expect(JSON.stringify(distinct)).not.to.match(/forged|twice|Bearer|user|service/);
      expect(distinct['a']).to.deep.equal(['b']);
    });
  }
});
