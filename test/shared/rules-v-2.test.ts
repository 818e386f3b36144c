import type { KeyObject } from 'node:crypto';
import fs, { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import sinon from 'sinon';
import winston from 'winston';
import { requireService } from '../../lib/server/require-service.js';
import { assertionKeysFromInputs } from '../../lib/shared/assertion-keys.js';
import { createAssertionVerifier } from '../../lib/shared/gateway-assertion.js';
import { keyId } from '../../lib/shared/key.js';
import { createLogger } from '../../lib/shared/log.js';
import { createTokenVerifier } from '../../lib/shared/token-verifier.js';
import { serviceClaims } from '../support/claims.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { forge } from '../support/forge.js';
import { guarded } from '../support/guarded.js';
import { newEcPair, newRsaPair, newSecret } from '../support/keys.js';
import { bearerLine } from '../support/proofs.js';
import { refusalOf } from '../support/refusals.js';
import { send } from '../support/wire.js';

const secret = newSecret();
const HEADER = { alg: 'HS256', typ: 'JWT' };
const invalid = (reason: string): unknown => ({ code: 'invalid_token', reason });

describe('createTokenVerifier, told of other keys by the token', () => {
  const pair = newEcPair();
  const folder = mkdtempSync(join(tmpdir(), 'rules-'));
  const file = join(folder, 'key.pem');
  writeFileSync(file, pair.publicPem);
  const FILE_READERS = ['openSync', 'open', 'readFileSync', 'readFile', 'createReadStream', 'statSync'] as const;
  const watched: sinon.SinonSpy[] = [];

  beforeEach(() => {
    watched.push(sinon.spy(net.Socket.prototype, 'connect'));
    for (const name of FILE_READERS) watched.push(sinon.spy(fs, name));
    syncBuiltinESMExports();
  });
  afterEach(() => {
    for (const spy of watched.splice(0)) spy.restore();
    syncBuiltinESMExports();
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('looks nowhere for them: not in the token, not in a file, not on the network', async () => {
    // V8
    const { verify } = createTokenVerifier({ keys: { previous: [secret, newEcPair().publicPem] } });
    const jwk = pair.publicKey.export({ format: 'jwk' });
    for (const [name, value] of [
      ['jwk', jwk],
      ['jku', 'http://127.0.0.1:9/jwks.json'],
      ['jku', `file://${file}`],
      ['x5u', 'http://127.0.0.1:9/cert.pem'],
      ['x5u', `file://${file}`],
      ['x5c', [pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')]],
      ['crit', ['exp']],
      ['crit', []],
      ['crit', ['alg', 'alg']],
      ['zip', 'DEF'],
      ['enc', 'A128GCM'],
      ['b64', true],
    ] as const) {
      // Once by a key of the sender's own, once by the right one.
      const own = forge(pair.privateKey, { alg: 'ES256', [name]: value }, serviceClaims(), 'ES256');
      const right = forge(secret, { ...HEADER, [name]: value }, serviceClaims());
      for (const text of [own, right]) expect(refusalOf(() => verify(text))).to.deep.equal(invalid(`header_${name}`));
    }
    const bare = forge(pair.privateKey, { alg: 'ES256', kid: file }, serviceClaims(), 'ES256');
    expect(refusalOf(() => verify(bare))).to.deep.equal(invalid('unknown_key'));
    expect(verify(forge(secret, HEADER, serviceClaims())).type).to.equal('service');
    await new Promise((resolve) => setImmediate(resolve));
    expect(watched.map((spy) => spy.callCount)).to.deep.equal(watched.map(() => 0));
  });
});

describe('createAssertionVerifier, with public keys', () => {
  /** What somebody who has the public key may MAC with. */
  const shapes = (key: KeyObject): (string | Buffer)[] => {
    const pem = key.export({ format: 'pem', type: 'spki' }) as string;
    const lines = pem.trim().split('\n');
    const texts = [pem, pem.trim(), pem.replaceAll(/^/gm, '  '), `key: ${pem}`, `\uFEFF${pem}`];
    const joined = ['', '\r\n', '\\n'].map((end) => lines.join(end));
    const bare = [lines.slice(1, -1).join(''), JSON.stringify(key.export({ format: 'jwk' }))];
    return [...texts, ...joined, ...bare, key.export({ format: 'der', type: 'spki' }), ''];
  };

  it('takes no MAC that was made with one of them, in whatever shape', () => {
    // V7
    for (const [pair, real] of [
      [newRsaPair(), 'RS256'],
      [newEcPair(), 'ES256'],
    ] as const) {
      const keys = assertionKeysFromInputs('assertionKeys', [pair.publicPem], []);
      const policy = { keys, audience: 'orders-service', clockToleranceSeconds: 5, revocations: undefined };
      const verifier = createAssertionVerifier({ ...policy, cacheSize: 10 });
      const now = Math.floor(Date.now() / 1000);
      const claims = serviceClaims({ aud: 'orders-service', iss: 'api-gateway', jti: 'a-1', iat: now, exp: now + 60 });
      const header = { typ: 'gateway-assertion+jwt', kid: keyId(pair.publicKey) };
      for (const shape of shapes(pair.publicKey)) {
        for (const alg of ['HS256', 'HS384', 'HS512']) {
          const refusal = (said: string): unknown =>
            refusalOf(() => verifier.check(forge(shape, { ...header, alg: said }, claims, alg)));
          expect(refusal(alg)).to.deep.equal(invalid('wrong_algorithm'));
          expect(refusal(real)).to.deep.equal(invalid('bad_signature'));
        }
      }
      const right = forge(pair.privateKey, { ...header, alg: real }, claims, real);
      expect(verifier.check(right).caller.type).to.equal('service');
    }
  });
});

for (const { name, express } of EXPRESS_VERSIONS) {
  describe(`requireService, ${name}: what a forger sees, and what the log says`, () => {
    let written = '';
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written += chunk.toString();
        done();
      },
    });
    const logger = createLogger({ transports: [new winston.transports.Stream({ stream })] }, {});
    const app = guarded(express, secret, requireService({ logger }), { logger });
    const answerTo = async (token: string): Promise<{ status: number; challenge: unknown; text: string }> => {
      written = '';
      const { status, headers, text } = await send(app, { lines: [bearerLine(token), 'X-Request-Id: r-1'] });
      return { status, challenge: headers['www-authenticate'], text };
    };
    const lines = (): Record<string, unknown>[] =>
      written
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>);

    it('is one answer for every forgery, and the reason of each in the audit line', async () => {
      // V22
      const old = serviceClaims({ iat: 1, exp: 2 });
      const forgeries = {
        not_a_jwt: 'a.b.c',
        too_long: 'a'.repeat(8193),
        header_alg: forge(secret, { typ: 'JWT' }, serviceClaims()),
        header_typ: forge(secret, { alg: 'HS256', typ: 'at+jwt' }, serviceClaims()),
        header_crit: forge(secret, { ...HEADER, crit: ['exp'] }, serviceClaims()),
        unknown_key: forge(secret, { ...HEADER, kid: 'nobody-knows-it' }, serviceClaims()),
        bad_signature: forge(newSecret(), HEADER, old),
        claim_sub: forge(secret, HEADER, serviceClaims({ sub: 'sales-service' })),
      };
      const answers = new Set<string>();
      for (const [reason, token] of Object.entries(forgeries)) {
        const answer = await answerTo(token);
        answers.add(JSON.stringify(answer));
        expect(answer.status).to.equal(401);
        expect(lines()).to.have.length(1);
        expect(lines()[0]).to.include({ code: 'invalid_token', reason, decision: 'denied' });
        expect(answer.text + String(answer.challenge)).not.to.include(reason);
      }
      expect([...answers]).to.have.length(1);
      const { text } = await answerTo(forge(secret, HEADER, old));
      expect(JSON.parse(text)).to.include({ code: 'token_expired' });
      expect((await answerTo(forge(secret, HEADER, serviceClaims()))).status).to.equal(200);
    });

    it('holds nothing of a forged header, so that no kid can write a line of its own', async () => {
      // V10
      for (const kid of [
        'x\r\n{"level":"info","decision":"granted"}',
        '\u001B[2Kgranted',
        '../../etc/granted',
        '__proto__',
        "' OR 1=1 granted",
      ]) {
        const { status, text } = await answerTo(forge(secret, { ...HEADER, kid }, serviceClaims()));
        expect(status).to.equal(401);
        expect(lines()).to.have.length(1);
        expect(lines()[0]).to.include({ level: 'warn', decision: 'denied', reason: 'unknown_key', key_id: null });
        for (const piece of ['granted', '__proto__', '\u001B']) expect(written + text).not.to.include(piece);
      }
      expect((await answerTo(forge(secret, HEADER, serviceClaims()))).status).to.equal(200);
      expect(lines().at(-1)).to.include({ decision: 'granted', service: 'orders-service' });
    });

    it('shows nothing of the Authorization line to whoever sent it', async () => {
      // V21
      for (const said of ['echo-me', 'echo-me", error="', 'echo-me echo-me', 'echo-me,Bearer echo-me']) {
        const { status, challenge, text } = await answerTo(said);
        expect(status).to.equal(401);
        expect(challenge).to.match(/^Bearer realm="service-auth", error="invalid_token", error_description="[^"]+"$/);
        expect(text + String(challenge)).not.to.include('echo-me');
      }
      expect((await answerTo(forge(secret, HEADER, serviceClaims()))).challenge).to.equal(undefined);
    });
  });
}
