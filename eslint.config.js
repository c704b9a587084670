// Types, unused code and formatting of imports are tsc's; here are the rules that it cannot know: who may import whom, sizes, and promises.
import { readdirSync } from 'node:fs';
import vue from 'eslint-plugin-vue';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import vueParser from 'vue-eslint-parser';

const TESTS = ['**/*.test.ts', '**/*.suite.ts', '**/testing/**', 'e2e/**', 'bench/**'];

/** An import that is refused, with the door that is right. `regex` is held against the words of the import. */
const refuse = (regex, message) => ({ regex, message });
const NOT_UP = '(^|/)';
const SERVER = refuse(`${NOT_UP}server/`, 'This is the server\'s own; share types through core/.');
const CLIENT = refuse(`${NOT_UP}client/`, 'This is the client\'s own; share types through core/.');
const WORKERS = refuse(`${NOT_UP}workers/`, 'Inference has one door: import from #inference, on the server.');
const UNRESTRICTED = refuse('^(node:)?(fs|child_process)(/promises)?$', 'Runs anywhere: no files and no processes here.');

const restrict = (files, patterns, ignores = []) => ({ files, ignores, rules: { 'no-restricted-imports': ['error', { patterns }] } });

/** A feature reaches another only through its index.ts; inside its own folder everything is near. */
const door = (base, plugin) => readdirSync(new URL(base, import.meta.url), { withFileTypes: true }).filter((e) => e.isDirectory()).map(({ name }) => restrict(
  [`${base}${name}/**`],
  [
    refuse(`^\\.\\./(?!${name}/)[a-z-]+/(?!index\\.ts$|.*Page\\.vue$)`, 'Another feature is reached through its index.ts only; export there what is needed.'),
    ...plugin,
  ],
  TESTS,
));

export default defineConfig(
  globalIgnores(['**/dist/**', 'dist-types/**', 'prisma/generated/**', 'models/**', '**/fixtures/**', 'data/**', 'shared/**', 'test-results/**', 'playwright-report/**']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.config.ts', 'scripts/*.test.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': 'off', // tsc: noUnusedLocals, noUnusedParameters
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/unbound-method': 'off', // Reflect.apply is how events with generic names are sent
      '@typescript-eslint/no-unnecessary-condition': 'off', // does not see holes in arrays, nor what changes during an await
      '@typescript-eslint/no-unsafe-assignment': 'off', // using such a value is what the other no-unsafe rules refuse
      '@typescript-eslint/require-await': 'off', // Fastify's plugins and the ports are asynchronous by contract
    },
  },

  {
    files: ['**/*.vue'],
    extends: [vue.configs['flat/recommended']],
    languageOptions: { parser: vueParser, parserOptions: { parser: tseslint.parser, sourceType: 'module' } },
    rules: {
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/no-v-html': 'error',
      'vue/multi-word-component-names': 'off',
      'vue/require-default-prop': 'off', // the type says it
      // Layout is nobody's concern here.
      'vue/max-attributes-per-line': 'off', 'vue/singleline-html-element-content-newline': 'off', 'vue/multiline-html-element-content-newline': 'off',
      'vue/html-indent': 'off', 'vue/html-self-closing': 'off', 'vue/attributes-order': 'off', 'vue/first-attribute-linebreak': 'off', 'vue/html-closing-bracket-newline': 'off',
    },
  },

  {
    files: ['**/*.{ts,vue,js,mjs}'],
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }], 'no-var': 'error', 'prefer-const': 'error', 'no-eval': 'error', 'no-implied-eval': 'error',
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60 }],
    },
  },
  {
    // Tests read answers as a client would: what they claim of them, their expectations check.
    files: ['**/*.test.ts', '**/*.suite.ts', '**/testing/**/*.ts', 'e2e/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'max-lines': 'off', 'max-lines-per-function': 'off',
      ...Object.fromEntries(['member-access', 'assignment', 'call', 'argument', 'return'].map((what) => [`@typescript-eslint/no-unsafe-${what}`, 'off'])),
      '@typescript-eslint/restrict-plus-operands': 'off', '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  { files: ['server/sync/guard.ts'], rules: { '@typescript-eslint/no-unsafe-argument': 'off' } }, // Yjs declares its events with `any`
  // Types of .vue files are vue-tsc's business; here they are opaque.
  { files: ['client/main.ts', 'client/router.ts'], rules: { '@typescript-eslint/no-unsafe-argument': 'off', '@typescript-eslint/no-unsafe-assignment': 'off' } },
  // A composable is the frame around its functions, which are counted by themselves too.
  { files: ['client/features/**/use*.ts', 'client/features/correct/pointer.ts'], rules: { 'max-lines-per-function': ['error', { max: 260 }] } },
  { files: ['**/*.vue'], rules: { 'max-lines-per-function': 'off' } },

  // Who may import whom.
  restrict(['core/**'], [SERVER, CLIENT, WORKERS, UNRESTRICTED, refuse('^(?!\\.|#core/|typebox($|/)|yjs$|lib0($|/))', 'core runs anywhere: of packages only typebox and yjs.')], TESTS),
  restrict(['workers/inference/**'], [SERVER, CLIENT, refuse('^#prisma$', 'Inference knows no database; hand it what it needs.')], TESTS),
  restrict(['server/**'], [CLIENT, WORKERS], TESTS),
  ...door('server/features/', [CLIENT, WORKERS]),
  restrict(['client/**'], [SERVER, WORKERS, refuse('^(node:|#prisma|#inference)', 'The client runs in a browser; ask the server by its API.')], TESTS),
  ...door('client/features/', [SERVER, WORKERS, refuse('^(node:|#prisma|#inference)', 'The client runs in a browser; ask the server by its API.')]),
  restrict(['client/editor/**'], [SERVER, refuse('^(vue|vue-router|pixi\\.js)($|/)', 'Tools know neither Vue nor Pixi: they change state, others show it.'), refuse(`${NOT_UP}(renderer|features|ui)/`, 'The editor is below the renderer and the pages; they read it, never the other way.')], TESTS),
  restrict(['client/renderer/**'], [SERVER, refuse('^(vue|vue-router)($|/)', 'The renderer knows no Vue; client/features/correct/useCanvas.ts joins the two.'), refuse(`${NOT_UP}features/`, 'The renderer is below the pages.')], TESTS),
  restrict(['client/sync/**'], [SERVER, refuse(`${NOT_UP}(renderer|features|ui|editor)/`, 'Sync is below everything else of the client.')], TESTS),
  restrict(['client/ui/**'], [SERVER, refuse(`${NOT_UP}(features|sync|editor|renderer)/`, 'Components of ui/ are dumb: they take props and emit.')], TESTS),
);
