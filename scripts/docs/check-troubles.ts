import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../files.js';
import { readMarkdown } from './markdown.js';
import { type MakeTrouble, TROUBLES } from './troubles/faults.js';
import { createScene, createSceneFiles, type SceneFiles } from './troubles/scene.js';

const DOCUMENT = 'docs/guides/troubleshooting.md';

/**
 * Every `console` block of docs/guides/troubleshooting.md names a trouble: it is made, with real servers on this machine, and the block is
 * what the built command says of it; of its steps those alone that failed, where `failed` stands behind the name. Each trouble has its block.
 * With `fix` the blocks that differ are rewritten.
 */
export async function checkTroubles({ fix }: { readonly fix: boolean }): Promise<string[]> {
  const lines = readFileSync(join(ROOT, DOCUMENT), 'utf8').split('\n');
  const fences = readMarkdown(lines).fences.filter(({ language }) => language === 'console');
  const wanted = fences.map(({ attributes }) => attributes.trim().split(' '));
  const missing = Object.keys(TROUBLES).filter((name) => !wanted.some(([one]) => one === name));
  const errors = missing.map((name) => `${DOCUMENT}: has no block \`console ${name}\``);
  const files = await createSceneFiles();
  try {
    // From the end, so that those before it stay where they are.
    for (const [index, { code, openLine, closeLine }] of [...fences.entries()].reverse()) {
      const [name = '', ...words] = wanted[index] ?? [];
      const place = `${DOCUMENT}:${String(openLine + 1)}`;
      const make = TROUBLES[name];
      if (make === undefined) {
        errors.push(`${place}: no trouble is called '${name}': see scripts/docs/troubles/faults.ts`);
        continue;
      }
      const whole = await recordTrouble(files, make);
      const recorded = words.includes('failed') ? failedSteps(whole) : whole;
      if (recorded === code) continue;
      if (fix) {
        lines.splice(openLine + 1, closeLine - openLine - 1, ...recorded.split('\n'));
        console.log(`${place}: recorded anew`);
      } else {
        const shown = recorded.replaceAll(/^/gm, '  ');
        errors.push(`${place}: differs from what the command prints; \`npm run docs:fix\`\n${shown}`);
      }
    }
  } finally {
    files.remove();
  }
  if (fix) writeFileSync(join(ROOT, DOCUMENT), lines.join('\n'));
  return errors;
}

async function recordTrouble(files: SceneFiles, make: MakeTrouble): Promise<string> {
  const scene = createScene(files);
  try {
    return await scene.record(await make(scene));
  } finally {
    await scene.end();
  }
}

const STEP = /^(?:ok|skipped) {2}/;

/** Leaves the other steps out, and says so. */
function failedSteps(recorded: string): string {
  const lines = recorded.split('\n');
  return lines
    .map((line, index) => (STEP.test(line) ? (STEP.test(lines[index - 1] ?? '') ? undefined : '…') : line))
    .filter((line) => line !== undefined)
    .join('\n');
}
