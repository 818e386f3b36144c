import { expect } from 'chai';
import * as lib from '../../lib/index.js';
import { recordErrors, recordSecrets } from '../support/canary-recorder.js';
import { createCanaryRegistry } from '../support/canary-registry.js';
import { leaksOf } from '../support/canary-renderings.js';
import { closeRig } from '../support/gateway-rig.js';
import { newSecret } from '../support/keys.js';
import { type RecordingLogger, recordingLogger } from '../support/recording-logger.js';
import { type Outcome, provokeEveryFailure } from './every-failure.js';

/** Every error class that the package exports and that is not there to be extended only. */
const CLASSES = Object.values<unknown>(lib)
  .filter((value): value is new () => Error => typeof value === 'function' && value.prototype instanceof Error)
  .map(({ name }) => name)
  .filter((name) => name !== 'AuthError');

describe('whatever fails between client, gateway and service', () => {
  const registry = createCanaryRegistry();
  const made = new Set<Error>();
  let logger: RecordingLogger;
  let outcome: Outcome;
  before(async () => {
    const undo = [recordSecrets(registry, () => 'this run'), recordErrors((error) => made.add(error))];
    logger = recordingLogger();
    try {
      outcome = await provokeEveryFailure(newSecret(), logger);
      new lib.ConfigurationError('keys', 'is missing.');
    } finally {
      for (const step of undo) step();
      await closeRig();
    }
  });

  it('is an error of every class that there is, and there are secrets to find', () => {
    expect([...new Set([...made].map(({ name }) => name))].sort()).to.deep.equal(CLASSES.sort());
    expect(registry.entries().length).to.be.greaterThan(30);
    expect(outcome.errors).to.have.lengthOf(26);
  });

  it('shows no secret and no token in any rendering of an error', () => {
    const errors = [...made, ...outcome.errors];
    expect([...new Set(errors.flatMap((error) => leaksOf(error, registry)))]).to.deep.equal([]);
  });

  it('writes none down of a deletion that fails', () => {
    expect(outcome.deletions).to.have.lengthOf(4);
    expect(outcome.deletions.flatMap((told) => leaksOf(told, registry))).to.deep.equal([]);
  });

  it('hands none to the logger, whose own redaction is not needed', () => {
    expect(logger.lines.length).to.be.greaterThan(40);
    expect(logger.lines.flatMap((line) => leaksOf(line, registry))).to.deep.equal([]);
  });

  it('sends none back', () => {
    expect(outcome.answers.every(({ status }) => status >= 400)).to.equal(true);
    expect(outcome.answers.flatMap((answer) => leaksOf(answer, registry))).to.deep.equal([]);
  });
});
