/** Throws what may be no error, as other people’s code can. */
export function throwAnything(value: unknown): never {
  throw value;
}

/** The same for promises. */
export function rejectWith(value: unknown): Promise<never> {
  return Promise.resolve(value).then(throwAnything);
}
