/**
 * Skips the test or suite and says why: mocha's `skip()` takes no reason. For what no package brings along (IPv6, root), and so is no
 * failure in CI either.
 *
 * @param why - `no IPv6`
 */
export function skip(context: Mocha.Context, why: string): never {
  console.log(`    skipped: ${why}`);
  return context.skip();
}
