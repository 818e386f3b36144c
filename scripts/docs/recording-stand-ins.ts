import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKeyRing, type KeyRingOptions } from '../../lib/shared/key-ring.js';

/** Replaces what differs between two runs by what is the same in each, of the same length where it stands in a table. */
export interface StandIns {
  readonly apply: (text: string) => string;
  /** Puts the real ids back into a command that names stand-ins. */
  readonly undo: (text: string) => string;
}

const UUID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;
const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g;
const SECRET = /^(?:[\w-]{64}|[\w-]{43})$/gm;
const PEM_BODY = /(-----BEGIN [A-Z ]+-----\n)[^-]+(-----END)/g;
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z/g;
// The first half is a hash of the tenant's id.
const RUN = /\b([0-9a-f]{16})-[0-9a-f]{12}\b/g;
const DURATION = /\b\d+(?:\.\d)? m?s\b/g;
// Of a table whose next column is a verdict.
const MS_CELL = /(?= *\d)[ \d]{5}(?= {2}(?:let in|refused|not reached|unknown)\b)/g;
const GATEWAY = 'http://127.0.0.1:8080';
const KEY_IDS = ['Ayk3Jr0TzQ5e', 'Bm81XwuVc2Lh', 'Cq9fN6dYs4Go'];
const BEGIN = Date.UTC(2026, 0, 5, 9);
const HOUR_MS = 60 * 60 * 1000;

/**
 * @param directory - where the commands run, and their key file is `keys.json`
 */
export function createStandIns(directory: string): StandIns {
  const startedAt = Date.now();
  // Real → stand-in, in the order in which they appear.
  const known = new Map<string, string>();

  const learnKeys = (): void => {
    const path = join(directory, 'keys.json');
    if (!existsSync(path)) return;
    const ring = createKeyRing(JSON.parse(readFileSync(path, 'utf8')) as KeyRingOptions);
    for (const { kid } of [...ring.snapshot().keys].reverse()) {
      if (!known.has(kid))
        known.set(kid, KEY_IDS[[...known.values()].filter((one) => KEY_IDS.includes(one)).length] as string);
    }
  };
  // Of the gateway, which listens on another port each time.
  const learnGateway = (): void => {
    const path = join(directory, 'gateway.url');
    if (existsSync(path)) known.set(readFileSync(path, 'utf8'), GATEWAY);
  };
  const standInFor = (id: string): string => {
    const ids = [...known.values()].filter((one) => one.startsWith('5e7a1c04'));
    const standIn =
      known.get(id) ??
      `5e7a1c04-9b1d-4f6e-8a2c-${String(ids.length + 1)
        .repeat(12)
        .slice(0, 12)}`;
    known.set(id, standIn);
    return standIn;
  };

  return {
    apply(text) {
      learnKeys();
      learnGateway();
      let shown = text
        .replaceAll(directory, '/srv/tokens')
        .replaceAll(TOKEN, 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIs…')
        .replaceAll(PEM_BODY, '$1…\n$2')
        .replaceAll(SECRET, '(a secret)')
        .replaceAll(UUID, standInFor)
        .replaceAll(TIME, (time) => standInTime(time, startedAt))
        .replaceAll(RUN, '$1-5e7a1c049b1d')
        .replaceAll(DURATION, '20 ms')
        .replaceAll(MS_CELL, '20'.padStart(5))
        .replaceAll(/^\|.*\|$/gm, narrow);
      for (const [real, standIn] of known) shown = shown.replaceAll(real, standIn);
      // The id of a pair, or of a key that is in no file.
      return shown.replaceAll(/(?<=Key id )(?:[\w-]{43}|[\w-]{12})(?=, (?:ES|RS|HS)\d)/g, (kid) =>
        'Dt7bKp2Xv0Za'.repeat(4).slice(0, kid.length),
      );
    },
    undo(command) {
      learnGateway();
      let real = command;
      for (const [id, standIn] of known) real = real.replaceAll(standIn, id);
      return real;
    },
  };
}

/** As long after a fixed beginning as it is after the real one, to the hour. */
function standInTime(time: string, startedAt: number): string {
  const hours = Math.round((Date.parse(time) - startedAt) / HOUR_MS);
  return new Date(BEGIN + hours * HOUR_MS).toISOString().replace('.000Z', 'Z');
}

/** A line of a Markdown table whose columns are as wide as what differs. */
function narrow(line: string): string {
  return line.replaceAll(/ {2,}/g, ' ').replaceAll(/-{3,}/g, '---');
}
