import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { ROOT, filesUnder } from '../../scripts/files.js';

// Nothing loads a module of types alone, so `c8 --all` would call all its lines untested: load those, and no others.
for (const file of filesUnder('lib').filter((path) => path.endsWith('.ts'))) {
  const { outputText } = ts.transpileModule(readFileSync(join(ROOT, file), 'utf8'), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      removeComments: true,
      verbatimModuleSyntax: true,
    },
  });
  if (outputText.replaceAll('export {};', '').trim() === '') {
    await import(pathToFileURL(join(ROOT, file)).href);
  }
}
