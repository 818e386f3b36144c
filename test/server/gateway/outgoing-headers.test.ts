import { expect } from 'chai';
import { createOutgoingFilter } from '../../../lib/server/gateway/outgoing-headers.js';

const keepAll = (): boolean => false;

describe('createOutgoingFilter', () => {
  it('keeps order, spelling and duplicates of what travels on', () => {
    const raw = [
      'Accept',
      'a',
      'COOKIE',
      'x=1',
      'accept',
      'b',
      'Cookie',
      'y=2',
      'Authorization',
      'Bearer t',
      'X-Empty',
      '',
    ];
    expect(createOutgoingFilter(keepAll)(raw)).to.deep.equal(raw);
  });

  for (const name of [
    // G4, G6
    ...['Connection', 'Keep-Alive', 'Proxy-Connection', 'Proxy-Authorization', 'Proxy-Authenticate', 'TE', 'Trailer'],
    ...['Transfer-Encoding', 'Upgrade', 'HTTP2-Settings', 'Host', 'Content-Length', 'Expect', 'Forwarded', 'X-Real-IP'],
    ...['X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Forwarded-Anything', 'X-Original-URL'],
    ...['X-Original-Host', 'X-Rewrite-URL', 'X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'],
    ...['X-Forwarded', 'X-Client-IP', 'Client-IP', 'True-Client-IP', 'CF-Connecting-IP', 'X-Cluster-Client-IP'],
    ...['X-Host', 'X-HTTP-Host-Override', 'X-Scheme', 'X-URL-Scheme', 'Front-End-Https', 'X-Original-URI', 'X-Method'],
    ...['X-Original-Method', 'X-Rewrite-URI', 'X-WAWS-Unencoded-URL', 'X-Envoy-Original-Path', 'Script-Name', 'Proxy'],
    ...['X-Script-Name', 'Path-Info', 'Remote-User', 'X-Remote-User', 'X-WebAuth-User', 'X-Auth-Request-User'],
    ...['X-Authenticated-User', 'X-Authenticated-Userid', 'X-MS-Client-Principal', 'X-MS-Client-Principal-Name'],
    ...['X-Amzn-Oidc-Data', 'X-Goog-Authenticated-User-Email'],
  ]) {
    it(`drops ${name}, in any case and with underscores, and no longer name`, () => {
      const variants = [name, name.toLowerCase(), name.toUpperCase(), name.replaceAll('-', '_')];
      const kept = ['Z' + name, 'v'];
      const raw = [...variants.flatMap((variant) => [variant, 'v']), ...kept];
      expect(createOutgoingFilter(keepAll)(raw)).to.deep.equal(kept);
    });
  }

  // G3, G4
  it('drops what any Connection line nominates', () => {
    const raw = [
      'Connection',
      'close, X-One',
      'X-One',
      '1',
      'x-two',
      '2',
      'X-Three',
      '3',
      'CONNECTION',
      ',,x-TWO ,bad token',
    ];
    expect(createOutgoingFilter(keepAll)(raw)).to.deep.equal(['X-Three', '3']);
  });

  it('keeps what no Connection line nominates', () => {
    expect(createOutgoingFilter(keepAll)(['Connection', 'close', 'X-One', '1'])).to.deep.equal(['X-One', '1']);
  });

  it('asks for the rest by canonical name', () => {
    const raw = ['X_User.Id', '1', 'x-user-id', '2', 'X-User-Idea', '3'];
    expect(createOutgoingFilter((name) => name === 'x-user-id')(raw)).to.deep.equal(['X-User-Idea', '3']);
  });
});
