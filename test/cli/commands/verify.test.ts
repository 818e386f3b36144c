import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import { createServiceToken } from '../../../lib/shared/service-token.js';
import { forge } from '../../support/forge.js';
import { newSecret } from '../../support/keys.js';
import { expectNoPieceOf } from '../../support/refusals.js';
import { type CliResult, createTestCli, payloadOf, type TestCli } from '../cli.js';

const DAY = 24 * 60 * 60;

describe('service-auth verify', () => {
  let cli: TestCli;
  let claims: Readonly<Record<string, unknown>>;
  beforeEach(() => {
    cli = createTestCli();
    const now = Math.floor(Date.now() / 1000);
    const [name, email] = ['orders-service', 'orders-service@internal.service'];
    claims = {
      sub: name,
      user_id: name,
      service: name,
      type: 'service',
      is_service: true,
      role: 'admin',
      email,
      iat: now,
      exp: now + DAY,
    };
  });
  afterEach(() => {
    cli.remove();
  });

  const verify = (token: string, ...args: readonly string[]): Promise<CliResult> =>
    cli.run(['verify', '-', ...args], { stdin: token });
  const sign = (more: Readonly<Record<string, unknown>>): string =>
    jwt.sign(JSON.parse(JSON.stringify({ ...claims, ...more })) as object, cli.secret, { noTimestamp: true });

  it('says what a token claims, which key signed it, how long it lives, and that it is let in', async () => {
    const { stdout: token } = await cli.run([
      'generate',
      'orders-service',
      '--days',
      '30',
      '--scope',
      'a',
      '--audience',
      'b',
    ]);
    const { code, stdout, stderr } = await verify(token);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(stdout).to.match(/^Good: requireService\(\) lets orders-service in\.$/m);
    expect(stdout).to.match(/^ {2}Signed by {2}[\w-]{12} \(HS256, the current key\)$/m);
    expect(stdout).to.match(/^ {2}Expires {4}\S+Z \(in 30 days\)$/m);
    expect(stdout)
      .to.match(/^ {2}Scope {6}a$/m)
      .and.to.match(/^ {2}Audience {3}b$/m)
      .and.to.match(/^ {2}Inventory {2}entered$/m);
    expect(stdout).to.include(String(payloadOf(token)['jti']));
    expectNoPieceOf(token.split('.')[2] as string, stdout);
  });

  it('says the same as JSON', async () => {
    const { stdout: token } = await cli.run(['generate', 'orders-service']);
    const { code, stdout } = await verify(token, '--json');
    expect(code).to.equal(0);
    const verdict = JSON.parse(stdout) as Record<string, unknown>;
    expect(verdict).to.include({ letIn: true, isInInventory: true });
    expect(verdict['claims']).to.deep.equal(payloadOf(token));
  });

  it('reads a token of the Python predecessor, which has neither an id nor a key id', async () => {
    const { code, stdout } = await verify(sign({}));
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/Token id {3}none;/)
      .and.to.match(/Inventory {2}not entered/)
      .and.to.match(/Audience {3}any service/);
    const { stdout: withoutTime } = await verify(sign({ iat: undefined, iss: 'auth-service' }));
    expect(withoutTime)
      .to.match(/Issued {5}it does not say/)
      .and.to.match(/Issuer {5}auth-service/);
  });

  it('says so where a key signed that only verifies', async () => {
    const old = newSecret();
    const token = createServiceToken('orders-service', { keys: old });
    const { code, stdout } = await cli.run(['verify', '-'], { stdin: token, env: { JWT_SECRET_KEY_PREVIOUS: old } });
    expect(code).to.equal(0);
    expect(stdout).to.include('a key that only verifies');
    expect((await verify(token)).code).to.equal(1);
  });

  it('judges as a service would where --audience names one', async () => {
    const { stdout: token } = await cli.run(['generate', 'orders-service', '--audience', 'sales-service']);
    expect((await verify(token, '--audience', 'sales-service')).code).to.equal(0);
    const { code, stderr, stdout } = await verify(token, '--audience', 'pos-service');
    expect(code).to.equal(1);
    expect(stderr).to.include('wrong_audience');
    expect(stdout).to.include('Its signature is good');
  });

  it("does not let a person's token in, and says who it is", async () => {
    const token = sign({
      type: 'access',
      is_service: undefined,
      service: undefined,
      user_id: 'u7',
      email: 'a@b.c',
      sub: undefined,
      role: undefined,
    });
    const { code, stdout, stderr } = await verify(token);
    expect(code).to.equal(1);
    expect(stdout).to.match(/^A good token of u7, a person,/m);
    expect(stderr).to.include('service_required').and.to.include("it is a person's token");
    expect(JSON.parse((await verify(token, '--json')).stdout)).to.include({ letIn: false, code: 'service_required' });
  });

  it('does not let a revoked token in, and another one of the same service still', async () => {
    const { stdout: token } = await cli.run(['generate', 'orders-service']);
    const { stdout: other } = await cli.run(['generate', 'orders-service']);
    await cli.run(['revoke', String(payloadOf(token)['jti'])]);
    const { code, stdout, stderr } = await verify(token);
    expect(code).to.equal(1);
    expect(stderr).to.include('token_revoked');
    expect(stdout).to.include('Its signature is good');
    expect((await verify(other)).code).to.equal(0);
  });

  // X6
  describe('exits with 1 and the class of the reason for', () => {
    const CASES: readonly (readonly [what: string, token: () => string, reason: string])[] = [
      ['an expired token', () => sign({ iat: 1, exp: 100 }), 'token_expired'],
      ['a token of another key', () => createServiceToken('orders-service', { keys: newSecret() }), 'unknown_key'],
      [
        'a token of another key, without a key id',
        () => jwt.sign(claims, newSecret(), { noTimestamp: true }),
        'bad_signature',
      ],
      ['alg none', () => jwt.sign(claims, '', { algorithm: 'none', noTimestamp: true }), 'invalid_token'],
      [
        'another algorithm',
        () => jwt.sign(claims, cli.secret, { algorithm: 'HS384', noTimestamp: true }),
        'invalid_token',
      ],
      ['a truncated token', () => sign({}).slice(0, -3), 'invalid_token'],
      ['half a token', () => sign({}).split('.').slice(0, 2).join('.'), 'not_a_jwt'],
      ['a token that is not valid yet', () => sign({ nbf: Math.floor(Date.now() / 1000) + 3600 }), 'not_yet_valid'],
      ['a word', () => 'rubbish', 'not_a_jwt'],
      ['9,000 characters', () => 'a'.repeat(9000), 'too_long'],
    ];
    for (const [what, make, reason] of CASES) {
      it(what, async () => {
        const { code, stdout, stderr } = await verify(make());
        expect(code).to.equal(1);
        expect(stderr)
          .to.match(/^service-auth: not let in: /m)
          .and.to.include(reason);
        expectNoPieceOf(cli.secret, stdout + stderr);
        const json = JSON.parse((await verify(make(), '--json')).stdout) as Record<string, unknown>;
        expect(json['letIn']).to.equal(false);
        expect(`${String(json['code'])} ${String(json['reason'])}`).to.include(reason);
      });
    }
  });

  it('takes a token with its line end, white space and byte order mark', async () => {
    const { stdout: token } = await cli.run(['generate', 'orders-service']);
    for (const text of [`${token}\r\n`, `  ${token}`, `\uFEFF${token}`]) expect((await verify(text)).code).to.equal(0);
    expect((await cli.run(['verify'], { stdin: token })).code).to.equal(0);
  });

  it('reads no more of standard input than a token can be', async () => {
    const { code, stdout, stderr } = await cli.run(['verify', '-'], { stdin: Buffer.alloc(10 * 1024 * 1024, 'a') });
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(stderr).to.include('more on standard input');
  });

  it('says what somebody gave instead of a token', async () => {
    const { stdout } = await cli.run(['generate', 'orders-service']);
    const token = stdout.trim();
    const GIVEN: readonly (readonly [string, string])[] = [
      [`ORDERS_SERVICE_TOKEN=${token}`, 'variable'],
      [`export X='${token}'`, 'variable'],
      [`Bearer ${token}`, 'Bearer'],
      [`Authorization: Bearer ${token}`, 'Bearer'],
      [`'${token}'`, 'quotes'],
      [`${token}\n${token}`, 'one token'],
    ];
    for (const [given, says] of GIVEN) {
      const { code, stderr } = await verify(given);
      expect(code).to.equal(1);
      expect(stderr).to.include(says);
      expectNoPieceOf(token.split('.')[2] as string, stderr);
    }
  });

  it('asks for a token where there is none', async () => {
    expect((await cli.run(['verify', '-'])).code).to.equal(1);
    const { code, stderr } = await cli.run(['verify'], { terminal: true });
    expect(code).to.equal(2);
    expect(stderr).to.include('service-auth verify -');
  });

  // X3
  it('warns of a token on the command line, which everybody on the machine can see', async () => {
    const { stdout: token } = await cli.run(['generate', 'orders-service']);
    const { code, stderr } = await cli.run(['verify', token.trim()]);
    expect(code).to.equal(0);
    expect(stderr).to.match(/^Warning: /);
    expectNoPieceOf(token.trim(), stderr);
    expect((await verify(token)).stderr).to.equal('');
  });

  it('shows of a forged token what it says, where that can be shown', async () => {
    for (const exp of [undefined, 'soon', 0, 1e300]) {
      const token = forge(newSecret(), { alg: 'HS256', typ: 'JWT' }, { ...claims, exp });
      const { stdout } = await verify(token);
      expect(stdout)
        .to.match(/Holder {5}orders-service/)
        .and.not.to.include('Expires');
    }
    const { stdout } = await verify(forge(newSecret(), { alg: 'HS256', typ: 'JWT' }, claims));
    expect(stdout).to.match(/Expires {4}20\d\d-/);
  });

  // X8
  it('shows claims that move the cursor or turn the line round as their code points', async () => {
    const hostile = '\u001b[2J\u202Eevil\u0007';
    for (const token of [
      sign({ service: hostile }),
      sign({ type: hostile }),
      jwt.sign({ ...claims, user_id: hostile, service: undefined }, newSecret()),
    ]) {
      const { stdout, stderr, code } = await verify(token);
      expect(code).to.equal(1);
      for (const character of ['\u001b', '\u202e', '\u0007']) expect(stdout + stderr).not.to.include(character);
      expect(stdout).to.include('\\u{1b}[2J\\u{202e}evil\\u{7}');
    }
  });
});
