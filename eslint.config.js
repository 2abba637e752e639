import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

// What prettier, the compiler and dependency-cruiser already hold is not repeated here.
export default defineConfig(
  { ignores: ['**/dist/', '**/node_modules/', '**/.chainr/', 'coverage/', 'ui/public/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      // One program for everything: the configurations of the packages leave out the tests.
      parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Promises are awaited, returned or ended in `.catch`; a rejection that nobody sees ends a service.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      // A number or a yes/no in a template says what it is.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `() => stop()` is shorter than a block, and nothing is lost.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // A type and an interface say the same; which of them reads better is the author's choice.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // `while (true)` with a way out is clearer than a flag.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // An async method may keep the promise of an interface without waiting for anything.
      '@typescript-eslint/require-await': 'off',
      // An underscore says that a name is there for its place only.
      '@typescript-eslint/no-unused-vars': [
        'error',
        {
          argsIgnorePattern: '^_',
          varsIgnorePattern: '^_',
          destructuredArrayIgnorePattern: '^_',
          ignoreRestSiblings: true,
        },
      ],
      // `text || other` for an empty text is meant.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      // `record['key']` shows that the key is data.
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      eqeqeq: 'error',
      'no-console': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportAllDeclaration',
          message: 'A barrel hides the arrows: import from the file that defines it.',
        },
        { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
      ],
    },
  },
  {
    // Services log; only the command and the tools print.
    files: ['{core,executor,gate,sched,work,notif,recycle,ui}/src/**/*.ts'],
    rules: { 'no-console': 'error' },
  },
  {
    // Automata in typed arrays: the code has made every index itself, and a fallback for each would hide that.
    files: ['work/src/mask/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', '@typescript-eslint/prefer-for-of': 'off' },
  },
  {
    files: [
      '**/test/**/*.ts',
      '**/integration/**/*.ts',
      '**/cluster/**/*.ts',
      '**/suite/**/*.ts',
      'testkit/src/**/*.ts',
    ],
    rules: {
      // chai's `expect(x).to.be.true` is an expression.
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      // A test may say that it knows better than the types.
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-properties': [
        'error',
        ...['describe', 'context', 'it'].map((object) => ({
          object,
          property: 'only',
          message: 'The others would not run.',
        })),
      ],
    },
  },
);
