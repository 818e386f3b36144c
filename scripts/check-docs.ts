/** What the documents say is so: code blocks, examples, links, error codes, recordings. `--fix` rewrites the code blocks and the recordings. */
import { checkCliRecording } from './docs/check-cli-recording.js';
import { checkDocComments } from './docs/check-doc-comments.js';
import { checkErrorCodes } from './docs/check-error-codes.js';
import { checkLinks } from './docs/check-links.js';
import { checkSnippets } from './docs/check-snippets.js';
import { checkTroubles } from './docs/check-troubles.js';
import { runExamples } from './docs/run-examples.js';

const fix = process.argv.includes('--fix');

const errors = fix
  ? [...checkSnippets({ fix }), ...checkCliRecording({ fix }), ...(await checkTroubles({ fix }))]
  : [
      ...checkSnippets({ fix }),
      ...checkLinks(),
      ...checkErrorCodes(),
      ...checkDocComments(),
      ...checkCliRecording({ fix }),
      ...(await checkTroubles({ fix })),
      ...(await runExamples()),
    ];

for (const error of errors) {
  console.error(error);
}
process.exitCode = errors.length === 0 ? 0 : 1;
