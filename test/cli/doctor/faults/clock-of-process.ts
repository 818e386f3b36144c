/**
 * The arguments by which Node goes by another clock, in a process that is started with them.
 *
 * @param aheadSeconds - how far it is ahead of the machine's; below 0: behind
 */
export function clockOfProcess(aheadSeconds: number): readonly string[] {
  if (aheadSeconds === 0) return [];
  const ms = String(aheadSeconds * 1000);
  const module = `const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...args) { if (args.length === 0) super(Real.now() + ${ms}); else super(...args); }
      static now() { return Real.now() + ${ms}; }
    };`;
  return ['--import', `data:text/javascript,${encodeURIComponent(module)}`];
}
