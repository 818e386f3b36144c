/** Compares the public declarations with the committed reports in etc/; `--update` rewrites the reports. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, type ExtractorLogLevel, type IConfigFile } from '@microsoft/api-extractor';

const ROOT = join(import.meta.dirname, '..');
const ENTRY_POINTS = { index: '', server: 'server/', client: 'client/', shared: 'shared/' } as const;

const update = process.argv.includes('--update');
// ExtractorLogLevel is a const enum: there is nothing to import at run time.
/* eslint-disable @typescript-eslint/no-unsafe-enum-assignment */
const error = 'error' as ExtractorLogLevel;
const none = 'none' as ExtractorLogLevel;
/* eslint-enable @typescript-eslint/no-unsafe-enum-assignment */

function configFor(name: keyof typeof ENTRY_POINTS): ExtractorConfig {
  const configObject: IConfigFile = {
    projectFolder: ROOT,
    mainEntryPointFilePath: join(ROOT, `dist/esm/${ENTRY_POINTS[name]}index.d.ts`),
    newlineKind: 'lf',
    compiler: {
      overrideTsconfig: {
        compilerOptions: {
          target: 'es2022',
          lib: ['es2023'],
          types: ['node'],
          module: 'nodenext',
          moduleResolution: 'nodenext',
          strict: true,
          skipLibCheck: true,
        },
        files: [join(ROOT, `dist/esm/${ENTRY_POINTS[name]}index.d.ts`)],
      },
    },
    apiReport: {
      enabled: true,
      reportFileName: `${name}.api.md`,
      reportFolder: join(ROOT, 'etc'),
      reportTempFolder: join(ROOT, '.tmp-api'),
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: {
      compilerMessageReporting: { default: { logLevel: error } },
      extractorMessageReporting: {
        default: { logLevel: error },
        // Everything exported is public; typedoc checks the links and that all is documented.
        'ae-missing-release-tag': { logLevel: none },
        'ae-undocumented': { logLevel: none },
        'ae-unresolved-link': { logLevel: none },
        // The halves use types of service-auth/shared, which are exported there; that report and index's allow no gap.
        ...((name === 'server' || name === 'client') && { 'ae-forgotten-export': { logLevel: none } }),
      },
      tsdocMessageReporting: { default: { logLevel: none } },
    },
  };
  return ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: undefined,
    packageJsonFullPath: join(ROOT, 'package.json'),
  });
}

mkdirSync(join(ROOT, 'etc'), { recursive: true });
let failed = false;
for (const name of Object.keys(ENTRY_POINTS) as (keyof typeof ENTRY_POINTS)[]) {
  const result = Extractor.invoke(configFor(name), {
    localBuild: update,
    showVerboseMessages: false,
    messageCallback(message) {
      // The reports are spoken of below, and the banner about the bundled compiler is noise.
      message.handled = message.messageId.startsWith('console-');
    },
  });
  const report = `etc/${name}.api.md`;
  if (update) {
    console.log(`${report}: ${result.apiReportChanged ? 'updated' : 'unchanged'}`);
    failed ||= result.errorCount > 0;
  } else if (result.apiReportChanged) {
    console.error(`${report}: the public API is not what the report says. Look at the change, then \`npm run api\`.`);
    spawnSync('git', ['--no-pager', 'diff', '--no-index', report, `.tmp-api/${name}.api.md`], {
      cwd: ROOT,
      stdio: 'inherit',
    });
    failed = true;
  } else {
    failed ||= !result.succeeded;
  }
}
process.exitCode = failed ? 1 : 0;
