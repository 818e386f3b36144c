/** A whole number that a run of the tests is told by a variable; undefined where it is not set. */
export function numberSetting(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined) return undefined;
  if (/^-?\d{1,10}$/.test(text)) return Number(text);
  throw new TypeError(`${name} must be a whole number, not '${text}'.`);
}
