import { expect } from 'chai';
import type { Finding } from '../../../lib/cli/doctor/finding.js';
import { createQuote } from '../../../lib/cli/doctor/quote.js';
import { readUnproven, type UnprovenToken } from '../../../lib/cli/doctor/read-unproven.js';
import {
  judgeForm,
  judgePresence,
  judgeRevocation,
  judgeSignature,
  judgeType,
  revokedRemedy,
  signatureDefect,
} from '../../../lib/cli/doctor/token-steps.js';
import { createKeyRing } from '../../../lib/shared/key-ring.js';
import { createRevocationList } from '../../../lib/shared/revocation.js';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { forge } from '../../support/forge.js';
import { newSecret } from '../../support/keys.js';

const secret = newSecret();
const keys = createKeyRing({ current: secret });
const quote = createQuote(undefined);
const text = createServiceToken('orders-service', { keys });
const token = readUnproven(text) as UnprovenToken;

function seenIn(finding: Finding): string {
  return finding.status === 'skipped' ? finding.why : String(finding.seen);
}

function remedyIn(finding: Finding): string {
  return finding.status === 'failed' ? finding.remedy : '';
}

describe('judgePresence', () => {
  it('tells where the token is from, or what is missing', () => {
    expect(judgePresence({ source: 'SERVICE_TOKEN', text })).to.deep.include({
      status: 'passed',
      seen: 'SERVICE_TOKEN',
    });
    const missing = judgePresence({ source: 'x', missing: 'Nothing is there.', remedy: 'Set it.' });
    expect(missing).to.deep.include({ status: 'failed', seen: 'Nothing is there.', remedy: 'Set it.' });
  });
});

describe('judgeForm', () => {
  const judge = (given: string): Finding => judgeForm({ source: 'SERVICE_TOKEN', text: given }, readUnproven(given));

  it('takes a token', () => {
    expect(judge(text).status).to.equal('passed');
    expect(seenIn(judge(text))).to.match(/^of orders-service, key id .{12}$/);
  });

  const SHAPES: readonly (readonly [given: string, seen: RegExp, remedy: RegExp])[] = [
    [`${text}\n`, /white space around/, /Take it away/],
    [`"${text}"`, /It stands in quotes/, /^Give what stands between them\. Give one token/],
    [`Bearer ${text}`, /begins with Bearer/, /^Give what stands behind it/],
    [`SERVICE_TOKEN=${text}`, /name of a variable/, /behind the =/],
    [`${text} ${text}`, /several words/, /^Give one token, whole/],
    [text.slice(0, 50), /no token \(not_a_jwt\)\./, /^Is it whole/],
  ];
  for (const [given, seen, remedy] of SHAPES) {
    it(`says of one that is ${seen.source}`, () => {
      expect(seenIn(judge(given))).to.match(seen);
      expect(remedyIn(judge(given))).to.match(remedy);
    });
  }

  it('refuses claims that every server refuses, and leaves the type to its own step', () => {
    const claims = { type: 'service', user_id: 'a', email: 'a@b', exp: 4_000_000_000 };
    expect(seenIn(judge(forge(secret, { alg: 'HS256' }, claims)))).to.include('claim_service');
    const typeless = judge(forge(secret, { alg: 'HS256' }, { ...claims, type: 'robot' }));
    expect(typeless.status).to.equal('passed');
    expect(seenIn(typeless)).to.equal('of no service, without a key id');
  });
});

describe('signatureDefect', () => {
  it('tells by no key of ours, and by one', () => {
    expect(signatureDefect(token, keys)).to.equal(null);
    expect(signatureDefect(token, createKeyRing({ current: newSecret() }))).to.equal('unknown_key');
    const bound = createKeyRing({ current: { key: secret, service: 'sales-service' } });
    expect(signatureDefect(token, bound)).to.equal('key_of_another_service');
  });

  it('finds a good signature under a token that is bad for another reason', () => {
    const broken = forge(secret, { alg: 'HS256' }, { type: 'service' });
    expect(signatureDefect(readUnproven(broken) as UnprovenToken, keys)).to.equal(null);
  });

  it('knows nothing of what is no token', () => {
    const other = readUnproven(forge(secret, { alg: 'HS256', typ: 'gateway-assertion+jwt' }, {})) as UnprovenToken;
    expect(signatureDefect(other, keys)).to.equal(undefined);
  });
});

describe('judgeSignature', () => {
  const context = { token, keys, keysError: undefined, isKnownThere: false, quote };
  const others = createKeyRing({ current: newSecret() });

  it('passes where a key here signed it', () => {
    expect(judgeSignature(context).status).to.equal('passed');
    const nameless = { ...token, keyId: undefined };
    expect(seenIn(judgeSignature({ ...context, token: nameless }))).to.equal('key id not named');
  });

  it('fails where none did, with what mends it', () => {
    const found = judgeSignature({ ...context, keys: others });
    expect(found.isBeside).to.equal(undefined);
    expect(seenIn(found)).to.include(String(token.keyId)).and.to.include('unknown_key');
    expect(remedyIn(found)).to.match(/Mint a token with the keys/);
    expect(seenIn(judgeSignature({ ...context, keys: others, token: { ...token, keyId: undefined } }))).not.to.include(
      'it names',
    );
  });

  it('blames the keys here where the server knows the one that did', () => {
    const found = judgeSignature({ ...context, keys: others, isKnownThere: true });
    expect(found.isBeside).to.equal(true);
    expect(remedyIn(found)).to.match(/keys here that are others/);
  });

  it('is skipped without keys, with broken ones, and for what is no token', () => {
    const assertion = readUnproven(forge(secret, { alg: 'HS256', typ: 'gateway-assertion+jwt' }, {})) as UnprovenToken;
    for (const change of [{ keys: undefined }, { keys: undefined, keysError: 'broken' }, { token: assertion }]) {
      expect(judgeSignature({ ...context, ...change }).status).to.equal('skipped');
    }
  });
});

describe('judgeType', () => {
  const judge = (payload: object, headerType?: string): Finding =>
    judgeType({ text: '', keyId: undefined, headerType, payload: { ...payload } }, quote);

  it('takes the token of a service alone', () => {
    expect(judge({ type: 'service' }).status).to.equal('passed');
    expect(judge({ type: 'service' }, 'JWT').status).to.equal('passed');
    expect(seenIn(judge({ type: 'access' }))).to.match(/person/);
    expect(seenIn(judge({}))).to.match(/says nothing of its type/);
    expect(seenIn(judge({ type: 'service' }, 'gateway-assertion+jwt'))).to.match(/gateway-assertion\+jwt/);
    expect(remedyIn(judge({}))).to.match(/service-auth generate/);
  });
});

describe('judgeRevocation', () => {
  it('asks the list here, if there is one', () => {
    const list = createRevocationList();
    expect(judgeRevocation(token, list).status).to.equal('passed');
    list.revokeToken(String(token.payload['jti']));
    expect(judgeRevocation(token, list).status).to.equal('failed');
    expect(remedyIn(judgeRevocation(token, list))).to.match(/'service-auth generate [a-z-]+-service'/);
    expect(judgeRevocation(token, 'Redis is away.')).to.deep.include({ status: 'skipped', why: 'Redis is away.' });
  });

  it('finds tokens without id and time among those of a revoked service', () => {
    const list = createRevocationList();
    const old = { ...token, payload: { service: 'orders-service' } };
    expect(judgeRevocation(old, list).status).to.equal('passed');
    list.revokeService('orders-service');
    expect(judgeRevocation(old, list).status).to.equal('failed');
  });
});

describe('revokedRemedy', () => {
  it('names whose token is to be minted in place of a revoked one', () => {
    expect(revokedRemedy('sales-service')).to.match(/'service-auth generate sales-service'.*No command takes/);
    expect(revokedRemedy(undefined)).to.include("'service-auth generate'");
  });
});
