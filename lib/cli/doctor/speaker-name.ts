import type { ReadAnswer } from './evidence.js';

/** Who gave an answer, as the begin of a sentence. */
export function nameOf({ meaning }: ReadAnswer): string {
  const { by, code, gateway, speaker } = meaning;
  if (by === 'gateway') return 'The gateway';
  if (by === 'service') return gateway === undefined ? 'The service' : `The service behind ${gateway}`;
  if (by === 'unknown') {
    return code === undefined
      ? 'Something that is neither our gateway nor a service with our guards'
      : 'The gateway or the service';
  }
  const where = gateway === undefined ? 'Something in between' : `Something between ${gateway} and the service`;
  return speaker === undefined ? where : `${where} (${speaker})`;
}
