import { expect } from 'chai';
import { isAuthError, isConfigurationError } from '../../lib/shared/errors.js';

/** What a test asserts of a refusal. */
export interface Refusal {
  readonly code: string;
  readonly reason: string | undefined;
}

/** Runs `act` and returns why it was refused. An error of any other kind fails the test. */
export function refusalOf(act: () => unknown): Refusal {
  const error = thrownBy(act);
  if (!isAuthError(error)) throw error;
  return { code: error.code, reason: error.reason };
}

/** Runs `act` and returns the setting that its `ConfigurationError` names. An error of any other kind fails the test. */
export function misconfiguredBy(act: () => unknown): string {
  const error = thrownBy(act);
  if (!isConfigurationError(error)) throw error;
  expect(error).to.be.an.instanceOf(TypeError);
  expect(error.code).to.equal('configuration_error');
  return error.setting;
}

/** Runs `act` and returns what it threw. */
export function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return expect.fail('nothing was thrown');
}

/** Fails if a text holds a secret, or a piece of it of 12 characters. */
export function expectNoPieceOf(secret: string, text: string): void {
  for (let i = 0; i + 12 <= secret.length; i++) expect(text).not.to.include(secret.slice(i, i + 12));
}
