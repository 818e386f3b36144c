import { expect } from 'chai';
import * as shared from '../../lib/shared/index.js';

describe('service-auth/shared', () => {
  it('exports what people build on, and nothing else', () => {
    const errors = Object.keys(shared).filter((name) => /^[A-Z].*Error$/.test(name));
    expect(errors).to.have.length(26);
    expect(Object.keys(shared).filter((name) => !errors.includes(name))).to.have.members([
      'assertionKeysFromFile',
      'ASSERTION_HEADER',
      'ERROR_CODES',
      'IDENTITY_HEADERS',
      'KNOWN_SERVICES',
      'createKeyRing',
      'createLogger',
      'createRevocationList',
      'createServiceToken',
      'createTokenVerifier',
      'currentRequestId',
      'deriveAssertionKey',
      'isAuthError',
      'isConfigurationError',
      'isServiceRequestError',
      'keyRingFromEnv',
      'keyRingFromFile',
      'redactFormat',
      'runWithRequestId',
    ]);
  });
});
