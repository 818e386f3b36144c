import eslint from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const EXPRESS = { name: 'express', regex: '^(@types/)?express(4|-serve-static-core)?(/|$)' };
const AXIOS = { name: 'axios', regex: '^axios(-retry)?(/|$)' };

/**
 * The layers: cli → server, client → shared. An arrow that points outward or sideways is an error, a type's too.
 * `folders` and `packages` are what the folder must not import.
 */
const LAYERS = [
  { folder: 'shared', folders: ['server', 'client', 'cli'], packages: [EXPRESS, AXIOS] },
  { folder: 'server', folders: ['client', 'cli'], packages: [AXIOS] },
  { folder: 'client', folders: ['server', 'cli'], packages: [EXPRESS] },
  { folder: 'cli', folders: [], packages: [] },
];

const STAR_EXPORT = { selector: 'ExportAllDeclaration', message: 'List the names; never `export *`.' };
const TS_ENUM = { selector: 'TSEnumDeclaration', message: 'Use a union of literals: type stripping leaves no enum.' };

function restrictedSyntax(packages) {
  const dynamic = [{ name: 'service-auth', regex: '^service-auth(/|$)' }, ...packages].map(({ name, regex }) => ({
    selector: `ImportExpression > Literal.source[value=/${regex.replaceAll('/', '\\/')}/]`,
    message: `This folder of lib does not import ${name}.`,
  }));
  return ['error', STAR_EXPORT, TS_ENUM, ...dynamic];
}

function layer({ folder, folders, packages }) {
  return {
    name: `layer lib/${folder}`,
    files: [`lib/${folder}/**/*.ts`],
    rules: {
      'no-restricted-syntax': restrictedSyntax(packages),
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...packages.map(({ name, regex }) => ({ regex, message: `lib/${folder} does not know ${name}.` })),
            { regex: '^service-auth(/|$)', message: 'Inside lib, import the file, not the package.' },
          ],
        },
      ],
      'import-x/no-restricted-paths': [
        'error',
        {
          basePath: import.meta.dirname,
          zones: [
            {
              target: `./lib/${folder}`,
              from: [
                ...folders.map((other) => `./lib/${other}`),
                './lib/index.ts',
                './test',
                './examples',
                './scripts',
              ],
              message: `Arrows point inward (cli → server, client → shared); this one does not.`,
            },
          ],
        },
      ],
    },
  };
}

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'docs/', 'etc/', '.tmp*/']),
  {
    name: 'all files',
    files: ['**/*.{ts,js,mjs,cjs}'],
    extends: [eslint.configs.recommended],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
  {
    name: 'typescript',
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: {
      // The sources import `./x.js` and mean `./x.ts`.
      'import-x/resolver-next': [
        createNodeResolver({ extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } }),
      ],
      'import-x/extensions': ['.ts', '.js'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: {
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-self-import': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // `import { type X }` alone still loads the file at run time, and could close a cycle that no-cycle does not see.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // Numbers and booleans read well in a template; objects, null and undefined do not.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `while (true)` and friends are honest loops.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // A leading underscore says: a signature demands it, we do not need it.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Structural types are meant here: winston types its transports as interfaces, our seams are interfaces too.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      eqeqeq: 'error',
    },
  },
  {
    name: 'lib',
    files: ['lib/**/*.ts'],
    rules: {
      'import-x/no-default-export': 'error',
      'no-restricted-syntax': restrictedSyntax([]),
      // The log is winston; only the CLI prints.
      'no-console': 'error',
      'import-x/no-restricted-paths': [
        'error',
        { basePath: import.meta.dirname, zones: [{ target: './lib/index.ts', from: './lib/cli' }] },
      ],
    },
  },
  ...LAYERS.map(layer),
  { name: 'cli', files: ['lib/cli/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    name: 'test',
    files: ['test/**/*.ts'],
    rules: {
      // chai: `expect(x).to.be.true`.
      '@typescript-eslint/no-unused-expressions': 'off',
      // Hostile input is made of the wrong types on purpose.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `expect(() => parse(bad)).to.throw()`, whatever parse returns.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Tests set and delete environment variables by name.
      '@typescript-eslint/no-dynamic-delete': 'off',
    },
  },
);
