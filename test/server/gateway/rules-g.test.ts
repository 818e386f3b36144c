import type { RequestListener } from 'node:http';
import { expect } from 'chai';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { closeRig, refused, rig, valuesOf } from '../../support/gateway-rig.js';
import { newSecret } from '../../support/keys.js';
import { bearerLine, userToken } from '../../support/proofs.js';

const secret = newSecret();
const bearer = bearerLine(createServiceToken('sales-service', { keys: secret }));

// What stays on one connection: RFC 9110 §7.6.1, and older practice. Each with a value that its own reader would act on.
const HOP_BY_HOP: readonly (readonly [name: string, value: string])[] = [
  ['Keep-Alive', 'timeout=60, max=9'],
  ['Proxy-Connection', 'keep-alive'],
  ['Proxy-Authenticate', 'Basic realm="hop"'],
  ['Proxy-Authorization', 'Basic aG9wOmhvcA=='],
  ['TE', 'trailers, hop'],
  ['Trailer', 'X-Hop-Trailer'],
  ['Upgrade', 'h2c'],
];
const NOMINATED: readonly (readonly [connection: string, name: string])[] = [
  ['X-Hop', 'X-Hop'],
  ['close, x-hop', 'X-HOP'],
  ['keep-alive,X-Other , X-Hop', 'x-hop'],
];

for (const { name, express } of EXPRESS_VERSIONS) {
  // G4
  describe(`gateway, ${name}: hop-by-hop headers`, () => {
    afterEach(closeRig);

    /** What arrives, there and back, of lines that both sides send. */
    async function passed(lines: readonly (readonly [string, string])[]): Promise<readonly (readonly string[])[]> {
      const sent = [...lines.map((line) => line.join(': ')), 'X-Kept: 1'];
      // On the bare socket: Node's server settles such lines itself, or refuses them.
      const answer: RequestListener = (_req, res) => {
        res.socket!.end(['HTTP/1.1 200 OK', 'Content-Length: 2', ...sent, '', 'ok'].join('\r\n'));
      };
      const { ask, upstream } = await rig(express, { keys: secret, answer });
      const { status, headers, text } = await ask({ lines: [bearer, ...sent] });
      expect([status, text]).to.deep.equal([200, 'ok']);
      return [upstream.seen[0]!.rawHeaders, Object.entries(headers).flat()];
    }

    for (const [header, value] of HOP_BY_HOP) {
      it(`travel no further, neither way: ${header}`, async () => {
        for (const raw of await passed([[header, value]])) {
          expect(valuesOf(raw, header.toLowerCase())).to.deep.equal([]);
          expect(valuesOf(raw, 'x-kept')).to.deep.equal(['1']);
        }
      });

      it(`travel on where they only look like one: Z-${header}`, async () => {
        for (const raw of await passed([[`Z-${header}`, value]]))
          expect(valuesOf(raw, `z-${header.toLowerCase()}`)).to.deep.equal([value]);
      });
    }

    for (const [connection, header] of NOMINATED) {
      it(`travel no further, neither way: Connection: ${connection}`, async () => {
        for (const raw of await passed([
          ['Connection', connection],
          [header, '1'],
        ])) {
          expect(valuesOf(raw, 'x-hop')).to.deep.equal([]);
          expect(valuesOf(raw, 'connection').join()).not.to.match(/hop/i);
          expect(valuesOf(raw, 'x-kept')).to.deep.equal(['1']);
        }
        const twin = await passed([
          ['Connection', connection.replace(/x-hop/i, 'X-Nothing')],
          [header, '1'],
        ]);
        for (const raw of twin) expect(valuesOf(raw, 'x-hop')).to.deep.equal(['1']);
      });
    }

    it('frame each connection by themselves: Transfer-Encoding is written anew', async () => {
      const answer: RequestListener = (_req, res) => {
        res.writeHead(200, { 'Transfer-Encoding': 'chunked', 'X-Kept': '1' }).end('ok');
      };
      const { ask, upstream } = await rig(express, { keys: secret, answer });
      const post = { method: 'POST', rest: '2\r\nhi\r\n0\r\n\r\n' };
      const { status } = await ask({ ...post, lines: [bearer, 'TRANSFER-ENCODING: CHUNKED', 'X-Kept: 1'] });
      expect(status).to.equal(200);
      const { rawHeaders, body } = upstream.seen[0]!;
      expect([valuesOf(rawHeaders, 'transfer-encoding'), body]).to.deep.equal([['chunked'], 'hi']);
      expect(rawHeaders).to.include('Transfer-Encoding').and.not.include('TRANSFER-ENCODING');
    });
  });

  // G9
  describe(`gateway, ${name}: what a token says of its holder`, () => {
    afterEach(closeRig);

    for (const { what, value, told } of [
      { what: 'plain', value: 'ana', told: 'ana' },
      { what: '256 bytes', value: 'x'.repeat(256), told: 'x'.repeat(256) },
      { what: 'beyond ASCII', value: '名', told: '%E5%90%8D' },
      { what: 'NUL', value: 'adm\0in', told: undefined },
      { what: 'NUL after a name beyond ASCII', value: '名\0', told: undefined },
      { what: 'CR and LF', value: 'ana\r\nx-user-role: admin', told: undefined },
      { what: 'a zero-width space', value: 'ana\u200b', told: undefined },
      { what: 'a space at the end', value: 'ana ', told: undefined },
      { what: '257 bytes', value: 'x'.repeat(257), told: undefined },
      { what: '9 KiB', value: 'x'.repeat(9 * 1024), told: undefined },
      { what: 'an object', value: { id: 'ana' }, told: undefined },
      { what: 'a list', value: ['ana'], told: undefined },
    ]) {
      it(`is told whole or not at all: ${what}`, async () => {
        const { ask, upstream } = await rig(express, { keys: secret });
        const answer = await ask({ lines: [bearerLine(userToken(secret, { user_id: value }))] });
        expect(refused(answer)).to.equal(told === undefined ? '401 invalid_token' : '200');
        const ids = upstream.seen.map(({ rawHeaders }) => valuesOf(rawHeaders, 'x-user-id'));
        expect(ids).to.deep.equal(told === undefined ? [] : [[told]]);
      });
    }
  });
}
