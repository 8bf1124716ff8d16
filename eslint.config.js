// Strict, type-checked rules. Whatever is switched off or bent says why beside it.
import eslint from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  // Written by a generator (proto, coordinator/api), not ours, or a user's own (examples, which a test runs).
  { ignores: ['dist/**', 'node_modules/**', 'proto/generated/**', 'coordinator/api/generated/**', 'examples/**'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [eslint.configs.recommended, ...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'error',
      eqeqeq: 'error',
      // Numbers and booleans print as one expects; everything else must be turned into text by hand.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `() => stop()` is clear; a body in braces adds nothing.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // noUncheckedIndexedAccess makes every element of a typed array possibly undefined; inner loops
      // over pixels and weights, whose bounds are plain to see, would drown in checks.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // An interface's method may be async in one implementation and not in another.
      '@typescript-eslint/require-await': 'off',
      // Literal unions (`'val' | (string & {})`), index signatures and records read equally well.
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      // Assignment and settings are types with an index signature, which an interface would not allow to be assigned.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // `while (true)` is how a loop that ends from within is written.
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      // `x === null || x.y === null` says which of the two is meant; folding both into `?.` does not.
      '@typescript-eslint/prefer-optional-chain': 'off',
      'max-lines': ['error', { max: 420, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // `describe` and `it` of node:test return promises that the runner itself awaits.
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: ['describe', 'it', 'test', 'suite', 'before', 'after', 'beforeEach', 'afterEach'] }] }],
      // A table of cases is one function, however long.
      'max-lines-per-function': 'off',
      'max-lines': 'off',
    },
  },
  {
    // Plain Node, before anything is installed: no types to check.
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    extends: [eslint.configs.recommended],
    languageOptions: { globals: { process: 'readonly', URL: 'readonly', setImmediate: 'readonly', console: 'readonly', module: 'writable' } },
  },
);
