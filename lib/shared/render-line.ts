import { plainJson, redact, redactText } from './redact.js';

/** A line before it is text: fields, level and message in one, as winston has it. */
export type LogLine = Record<string, unknown>;

/** Where winston looks for the rendered line. */
export const MESSAGE: unique symbol = Symbol.for('message');

// winston keeps what did not fit into the message here; its own formats, and transports of others, may print it.
const SPLAT = Symbol.for('splat');
const MESSAGE_KEYS = ['level', 'message'] as const;

/** Copies a line without the secrets in it, whatever the call style: fields, errors, splat arguments and the message itself. */
export function redactLine<Line extends LogLine>(line: Line): Line {
  const clean = redact(line) as LogLine;
  // redact() copies plain keys; winston's own symbols have to come along.
  for (const key of Object.getOwnPropertySymbols(line)) {
    const value: unknown = line[key as unknown as string];
    clean[key as unknown as string] = key === SPLAT ? redact(value) : value;
  }
  for (const key of MESSAGE_KEYS) if (typeof line[key] === 'string') clean[key] = redactText(line[key]);
  return clean as Line;
}

/**
 * Renders a line as one JSON object, with a timestamp and without secrets. In place of three formats of winston: most lines are flat and
 * hold no secret, which one look at the rendered text tells.
 *
 * @param line - gets a timestamp (ISO 8601), unless it has one
 * @returns the line, or a copy of it without its secrets, with its text under {@link MESSAGE}
 */
export function renderLine<Line extends LogLine>(line: Line): Line & { [MESSAGE]: string } {
  const fields: LogLine = line;
  // winston's timestamp() keeps one that is there, too.
  fields['timestamp'] ||= new Date().toISOString();
  const plain = hasMore(line) ? undefined : plainJson(line);
  if (plain === undefined) {
    const clean = redactLine(line);
    // What redact() has copied is plain: none of it goes in circles or is a bigint.
    return Object.assign(clean, { [MESSAGE]: JSON.stringify(clean) });
  }
  // It repeats the fields, those too that level, message and timestamp have overwritten, which nobody has looked at.
  Reflect.deleteProperty(line, SPLAT);
  return Object.assign(line, { [MESSAGE]: plain });
}

/** Whether more was logged than a message and fields, for formats behind this one to fill in (`%s`). */
function hasMore(line: LogLine): boolean {
  const splat: unknown = line[SPLAT as unknown as string];
  return Array.isArray(splat) && (splat.length !== 1 || typeof splat[0] !== 'object');
}
