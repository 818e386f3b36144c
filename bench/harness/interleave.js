const ROUNDS_OF_SELDOM = 2;

/**
 * Measures every row once a round, so that what changes on the machine meanwhile meets all of them alike. Each round begins with
 * another row.
 *
 * @template T
 * @param {readonly string[]} names of the rows
 * @param {number} rounds
 * @param {(name: string) => Promise<T>} measure takes one sample
 * @param {readonly string[]} [seldom] rows for orientation, about which nothing is claimed: measured in the first rounds only
 * @returns {Promise<Map<string, T[]>>} the samples of each row, in the order of the rounds
 */
export async function interleave(names, rounds, measure, seldom = []) {
  /** @type {Map<string, T[]>} */
  const samples = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round * 7) % names.length];
      if (round >= ROUNDS_OF_SELDOM && seldom.includes(name)) continue;
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[Kround ${round + 1}/${rounds}: ${name}`);
      try {
        samples.get(name)?.push(await measure(name));
      } catch (error) {
        throw new Error(`${name}: ${error.message}`, { cause: error });
      }
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  return samples;
}
