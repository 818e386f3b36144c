import { expect } from 'chai';
import { foreignBreak } from '../../../lib/cli/doctor/foreign-break.js';
import type { Answer } from '../../../lib/cli/doctor/probe.js';
import { answer, CLIENT, nginxPage, read } from './answers.js';

const TABLE: readonly (readonly [what: string, one: Answer, seen: RegExp, remedy: RegExp])[] = [
  ['a password', nginxPage(401, { 'www-authenticate': 'Basic realm="Staff"' }), /nginx.*401/, /auth_basic off/],
  ['another authentication', nginxPage(401), /nginx.*401/, /our gateway does that/],
  ['the authentication of a forward proxy', answer(407), /407/, /authentication/],
  ['a rule', nginxPage(403), /403/, /allow, deny/],
  ['a missing rule', nginxPage(404), /404/, /location, Ingress/],
  ['a limit of size', nginxPage(413), /413/, /large_client_header_buffers/],
  ['a limit of headers', answer(431), /431/, /large_client_header_buffers/],
  [
    'nginx with small buffers',
    { ...nginxPage(400), body: '<center>Request Header Or Cookie Too Large</center>' },
    /400/,
    /large_client/,
  ],
  ['a limit of requests', nginxPage(429), /429/, /later/],
  ['a gateway that is away', nginxPage(502), /502/, /gateway running/],
  [
    'a login with 200',
    answer(200, { 'content-type': 'text/html' }, '<html>Sign in</html>'),
    /page \(HTML\), with 200/,
    /login/,
  ],
  ['anything else', nginxPage(418), /418/, /Look in the log/],
  [
    'a redirect to https',
    answer(301, { location: 'https://api.internal/api/v1/orders/7/?a=b' }),
    /sends us to https:\/\/api.internal\/api\/v1\/orders\/7\/, with 301/,
    /https:/,
  ],
  ['a redirect to a login', answer(302, { location: '/oauth2/start?rd=%2F' }), /302/, /sign in/],
  [
    'a redirect to elsewhere',
    answer(308, { location: 'https://user:secret@other.example/x#y' }),
    /to https:\/\/other.example\/x,/,
    /if that is the gateway/,
  ],
  ['a redirect to nowhere', answer(302), /another place/, /another place/],
];

describe('foreignBreak', () => {
  for (const [what, one, seen, remedy] of TABLE) {
    it(`says what to do about ${what}`, () => {
      const found = foreignBreak(read(one), CLIENT);
      expect(found.step).to.equal('token-arrives');
      expect(found.seen).to.match(seen);
      expect(found.remedy).to.match(remedy);
    });
  }

  it('names the options that name a place, where the URL names none and nothing is there', () => {
    const remedy = (status: number, asked: URL): string =>
      foreignBreak(read(nginxPage(status)), { ...CLIENT, asked }).remedy;
    const origin = new URL('http://api.internal/');
    expect(remedy(404, origin)).to.match(/^The URL names no path: --service/);
    expect(remedy(403, origin) + remedy(404, CLIENT.asked)).not.to.include('--service');
  });
});
