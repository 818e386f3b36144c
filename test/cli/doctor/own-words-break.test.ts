import { expect } from 'chai';
import { ownWordsBreak } from '../../../lib/cli/doctor/own-words-break.js';
import type { Answer } from '../../../lib/cli/doctor/probe.js';
import { answer, CLIENT, ECHO, nginxPage, page, PASSED_ON, problem, read } from './answers.js';

const TABLE: readonly (readonly [what: string, one: Answer, seen: RegExp, remedy: RegExp])[] = [
  [
    'a redirect',
    answer(308, { ...ECHO, location: '/orders/' }),
    /308, and sends us to \/orders\//,
    /Ask for \/orders\//,
  ],
  [
    'something behind the gateway',
    nginxPage(502, PASSED_ON),
    /between api-gateway and the service \(nginx\)/,
    /sidecar/,
  ],
  ['another authentication', answer(401, ECHO), /401, in its own words/, /another way to authenticate/],
  ['a rule of the service', answer(403, PASSED_ON), /behind api-gateway answers 403/, /rule of its own/],
  ['a path that is not there', answer(404, ECHO), /404/, /does not exist/],
  ['a route that is not there', page(404, '<pre>Cannot GET /x</pre>', ECHO), /404/, /no route for GET/],
  ['a method that is not there', answer(405, ECHO), /405/, /is the path right/],
  ['a fault', problem(500, 'preview_failed'), /500 preview_failed/, /fault of the service itself/],
  ['a request that it does not take', answer(422, ECHO), /422/, /as it is/],
];

describe('ownWordsBreak', () => {
  for (const [what, one, seen, remedy] of TABLE) {
    it(`says what to do about ${what}`, () => {
      const found = ownWordsBreak(read(one), undefined, CLIENT);
      expect(found.step).to.equal('service');
      expect(found.seen).to.match(seen);
      expect(found.remedy).to.match(remedy);
    });
  }

  it('asks whether the route of the gateway leads to another service, where there is a gateway', () => {
    const remedy = (headers: Answer['headers']): string =>
      ownWordsBreak(read(answer(404, headers)), undefined, CLIENT).remedy;
    expect(remedy(PASSED_ON)).to.match(/is the path right\? Or does the gateway's route lead to another service\?/);
    expect(remedy(ECHO)).not.to.include('route');
  });

  it('names the options that name a place, where the URL names none', () => {
    const remedy = (asked: URL): string =>
      ownWordsBreak(read(answer(404, ECHO)), undefined, { ...CLIENT, asked }).remedy;
    expect(remedy(new URL('http://api.internal/'))).to.match(/^The URL names no path: --service/);
    expect(remedy(CLIENT.asked)).not.to.include('--service');
  });

  it('says that no guard was asked where the same is answered without a token', () => {
    const remedyAfter = (bare: Answer): string => ownWordsBreak(read(answer(404, ECHO)), read(bare), CLIENT).remedy;
    expect(remedyAfter(answer(404, ECHO))).to.include('no guard was asked');
    expect(remedyAfter(problem(401, 'missing_credentials'))).not.to.include('no guard was asked');
  });
});
