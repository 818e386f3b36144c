/** How much is remembered. */
export interface RememberLimits {
  /** How many texts; when there are more, all are forgotten. Default: 1024. */
  readonly maxTexts?: number;
  /** The longest one, in characters: what is longer is worked out each time. Default: 64. */
  readonly maxLength?: number;
}

/**
 * Makes a function of a text remember what it said: for names that come with every request, few as a rule, but chosen by strangers, so
 * that there is a bound.
 *
 * @param workOut - says the same of the same text each time
 */
export function remember<T>(
  workOut: (text: string) => T,
  { maxTexts = 1024, maxLength = 64 }: RememberLimits = {},
): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const said = known.get(text);
    if (said !== undefined) return said;
    const result = workOut(text);
    if (text.length <= maxLength) {
      if (known.size >= maxTexts) known.clear();
      known.set(text, result);
    }
    return result;
  };
}
