import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT, filesUnder } from '../files.js';
import { isCode, readMarkdown } from './markdown.js';

interface Example {
  /** The file of lib, and the line of it (from 1) on which the code begins. */
  readonly source: string;
  readonly line: number;
  readonly code: string;
}

/** Every ts block in a doc comment of lib compiles as a module of its own, its imports included. */
export function checkDocComments(): string[] {
  const examples = new Map(
    filesUnder('lib')
      .filter((file) => file.endsWith('.ts'))
      .flatMap(examplesIn)
      .map((example, index) => [join(ROOT, `.tmp-doc-comment-${String(index)}.ts`), example]),
  );
  const options = compilerOptions();
  const host = withFiles(
    ts.createCompilerHost(options),
    new Map([...examples].map(([name, { code }]) => [name, code])),
  );
  const program = ts.createProgram([...examples.keys()], options, host);
  return [...examples].flatMap(([name, { source, line }]) => {
    const file = program.getSourceFile(name);
    const diagnostics = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return diagnostics.map(({ start = 0, messageText, code }) => {
      const offset = file?.getLineAndCharacterOfPosition(start).line ?? 0;
      const message = ts.flattenDiagnosticMessageText(messageText, '\n  ');
      return `${source}:${String(line + offset)}: example does not compile: ${message} (TS${String(code)})`;
    });
  });
}

function examplesIn(source: string): Example[] {
  const text = readFileSync(join(ROOT, source), 'utf8');
  return [...text.matchAll(/\/\*\*[^]*?\*\//g)].flatMap((comment) => {
    const firstLine = text.slice(0, comment.index).split('\n').length;
    const lines = comment[0].split('\n').map((line) => line.replace(/^\s*\* ?/, ''));
    return readMarkdown(lines)
      .fences.filter(isCode)
      .map(({ openLine, code }) => ({ source, line: firstLine + openLine + 1, code }));
  });
}

/** Those of the project; but an example may name a value for the reader's sake alone. */
function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  return { ...options, noUnusedLocals: false, noUnusedParameters: false };
}

/** The host, with files that exist in memory only; they lie in the root, where the package can import itself. */
function withFiles(host: ts.CompilerHost, files: ReadonlyMap<string, string>): ts.CompilerHost {
  return {
    ...host,
    fileExists: (name) => files.has(name) || host.fileExists(name),
    readFile: (name) => files.get(name) ?? host.readFile(name),
    getSourceFile(name, languageVersion, ...rest) {
      const code = files.get(name);
      return code === undefined
        ? host.getSourceFile(name, languageVersion, ...rest)
        : ts.createSourceFile(name, code, languageVersion);
    },
  };
}
