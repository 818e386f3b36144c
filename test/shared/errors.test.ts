import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  isTenantDeletionError,
  TENANT_DELETION_CODES,
  TenantDeletionError,
} from '../../lib/client/tenant-deletion/tenant-deletion-error.js';
import * as errors from '../../lib/shared/errors.js';

const FAMILY = Symbol.for('service-auth.error');

/** Every refusal with its code and status, as docs/errors.md has them. */
const REFUSALS = [
  [errors.MissingCredentialsError, 'missing_credentials', 401],
  [errors.InvalidTokenError, 'invalid_token', 401],
  [errors.TokenExpiredError, 'token_expired', 401],
  [errors.TokenRevokedError, 'token_revoked', 401],
  [errors.WrongAudienceError, 'wrong_audience', 401],
  [errors.ConflictingIdentityError, 'conflicting_identity', 401],
  [errors.UnprovenIdentityError, 'unproven_identity', 401],
  [errors.MalformedIdentityError, 'malformed_identity', 401],
  [errors.ServiceRequiredError, 'service_required', 403],
  [errors.ServiceNotAllowedError, 'service_not_allowed', 403],
  [errors.ScopeMissingError, 'scope_missing', 403],
  [errors.UserRequiredError, 'user_required', 403],
  [errors.RoleNotAllowedError, 'role_not_allowed', 403],
  [errors.AudienceNotAllowedError, 'audience_not_allowed', 403],
  [errors.BadPathError, 'bad_path', 400],
  [errors.BadIdentityHeaderError, 'bad_identity_header', 400],
  [errors.BadRequestError, 'bad_request', 400],
  [errors.RequestTimeoutError, 'request_timeout', 408],
  [errors.MethodNotAllowedError, 'method_not_allowed', 405],
  [errors.UpgradeNotSupportedError, 'upgrade_not_supported', 426],
  [errors.UpstreamUnreachableError, 'upstream_unreachable', 502],
  [errors.UpstreamTimeoutError, 'upstream_timeout', 504],
  [errors.KeysUnavailableError, 'keys_unavailable', 503],
  [errors.RevocationsStaleError, 'revocations_stale', 503],
] as const;

describe('AuthError', () => {
  for (const [Refusal, code, status] of REFUSALS) {
    it(`${Refusal.name} has the code ${code} and the status ${String(status)}`, () => {
      const error = new Refusal('why');
      expect(error).to.be.instanceOf(errors.AuthError).and.instanceOf(Error);
      expect(error).to.include({ name: Refusal.name, code, status, reason: 'why' });
      expect(errors.ERROR_CODES).to.include(code);
      expect(error.detail).to.be.a('string').that.does.not.include('why');
    });
  }

  it('has a class for every refusal in ERROR_CODES', () => {
    const own = ['configuration_error', 'service_request_failed'];
    expect(REFUSALS.map(([, code]) => code)).to.have.members(errors.ERROR_CODES.filter((code) => !own.includes(code)));
  });

  it('is exported with every class that the table lists', () => {
    const classes = Object.entries(errors)
      .filter(([name]) => name.endsWith('Error') && !name.startsWith('is'))
      .map(([name]) => name);
    expect(classes).to.have.members([...REFUSALS.map(([Refusal]) => Refusal.name), 'AuthError', 'ConfigurationError']);
  });

  it('gives one public sentence for every reason, and the reason in the message only', () => {
    const plain = new errors.InvalidTokenError();
    const detailed = new errors.InvalidTokenError('bad_signature');
    expect(plain.reason).to.equal(undefined);
    expect(detailed.detail).to.equal(plain.detail);
    expect(plain.message).to.equal(plain.detail);
    expect(detailed.message).to.equal(`${plain.detail} (bad_signature)`);
  });

  it('keeps its cause', () => {
    const cause = new Error('no answer');
    for (const Refusal of [
      errors.InvalidTokenError,
      errors.UpstreamUnreachableError,
      errors.UpstreamTimeoutError,
      errors.KeysUnavailableError,
      errors.RevocationsStaleError,
    ]) {
      expect(new Refusal('why', { cause }).cause).to.equal(cause);
    }
  });

  it('says to a person, or nobody’s service, what the predecessor said', () => {
    expect(new errors.ServiceRequiredError().detail).to.equal('This endpoint is only accessible to internal services');
  });
});

describe('ERROR_CODES', () => {
  it('holds each code once', () => {
    expect(new Set(errors.ERROR_CODES).size).to.equal(errors.ERROR_CODES.length);
  });
});

describe('docs/errors.md', () => {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  /** The codes that have a heading of this level, in a section. */
  const codesIn = (part: string, level: string): readonly string[] =>
    [...part.matchAll(new RegExp(`^${level} \`([^\`]+)\`$`, 'gm'))].map(([, code = '']) => code);
  const section = (name: string): string => new RegExp(`^## ${name}\n(.*?)^## `, 'ms').exec(text)?.[1] ?? '';

  it('has one heading for every code of a refusal', () => {
    expect(codesIn(text, '##')).to.have.members(errors.ERROR_CODES);
  });

  it('has one heading for every code of a tenant deletion, with what it means', () => {
    const part = section('Tenant deletion errors');
    expect(codesIn(part, '###')).to.deep.equal(TENANT_DELETION_CODES);
    for (const meaning of part.split(/^### .*$/m).slice(1)) expect(meaning.trim().length).to.be.greaterThan(40);
  });
});

describe('ConfigurationError', () => {
  it('is a TypeError that names the setting in a field and in its message', () => {
    const error = new errors.ConfigurationError('JWT_SECRET_KEY', 'is set but empty.');
    expect(error).to.be.instanceOf(TypeError);
    expect(error).to.include({ name: 'ConfigurationError', code: 'configuration_error', setting: 'JWT_SECRET_KEY' });
    expect(error.message).to.equal('JWT_SECRET_KEY is set but empty.');
  });
});

describe('isAuthError, isConfigurationError, isServiceRequestError, isTenantDeletionError', () => {
  const guards = [
    [errors.isAuthError, 'auth', new errors.InvalidTokenError()],
    [errors.isConfigurationError, 'configuration', new errors.ConfigurationError('keys', 'is missing.')],
    [isTenantDeletionError, 'tenant_deletion', new TenantDeletionError('run_unknown', 'There is none.')],
  ] as const;

  for (const [guard, family, own] of guards) {
    it(`${guard.name} recognises its own errors and no others`, () => {
      expect(guard(own)).to.equal(true);
      for (const [, otherFamily, other] of guards) if (otherFamily !== family) expect(guard(other)).to.equal(false);
    });
  }

  for (const [guard, family] of [
    [errors.isAuthError, 'auth'],
    [errors.isConfigurationError, 'configuration'],
    [errors.isServiceRequestError, 'service_request'],
    [isTenantDeletionError, 'tenant_deletion'],
  ] as const) {
    it(`${guard.name} recognises an error of another copy of this package`, () => {
      class OfAnotherCopy extends Error {}
      expect(guard(new OfAnotherCopy())).to.equal(false);
      Object.defineProperty(OfAnotherCopy.prototype, FAMILY, { value: family });
      expect(guard(new OfAnotherCopy())).to.equal(true);
      expect(guard({ [FAMILY]: family })).to.equal(true);
      expect(guard({ [FAMILY]: 'another family' })).to.equal(false);
    });

    it(`${guard.name} is false for everything else`, () => {
      for (const value of [
        undefined,
        null,
        0,
        '',
        'auth',
        true,
        Symbol('auth'),
        {},
        [],
        new Error('auth'),
        () => family,
      ]) {
        expect(guard(value)).to.equal(false);
      }
    });
  }
});

describe('joinErrorFamily', () => {
  it('leaves nothing to see on the errors', () => {
    class Failure extends Error {}
    errors.joinErrorFamily(Failure.prototype, 'service_request');
    const failure = new Failure('down');
    expect(errors.isServiceRequestError(failure)).to.equal(true);
    expect(JSON.stringify(failure)).to.equal('{}');
    expect(inspect(failure)).not.to.include('service-auth.error');
  });
});
