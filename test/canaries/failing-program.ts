/**
 * Not one of the tests: failing-program.test.ts runs this. A gateway, a service and a client that log with the loggers of their own,
 * in a program that writes down every error it gets, and dies of the last.
 */
import { createLogger } from '../../lib/shared/log.js';
import { closeRig } from '../support/gateway-rig.js';
import { newSecret } from '../support/keys.js';
import { provokeEveryFailure } from './every-failure.js';

const secret = newSecret();
process.env['JWT_SECRET_KEY'] = secret;
const { answers, errors } = await provokeEveryFailure(secret);
await closeRig();

const logger = createLogger();
for (const error of errors) {
  console.error(error);
  console.log('%j', error);
  logger.error(error);
  logger.error('failed', error);
  logger.error({ message: 'failed', err: error });
}
console.log(answers);
throw errors.find((error) => (error as Error).name === 'ServiceRequestError');
