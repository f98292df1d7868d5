import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Forbids reaching into other folders of the package; why is said to whoever meets it. */
function mayNotImport(folders, reason) {
  return {
    patterns: [{ regex: `^(\\.\\./)+(${folders.join('|')})/`, message: reason }],
  };
}

const readOnlyInConfig = {
  object: 'process',
  property: 'env',
  message: 'The environment is read once, in src/config/; take what you need from Config.',
};

export default defineConfig(
  { ignores: ['dist/', 'coverage/', 'agent/native/build/', 'agent/bpf/build/', '.throughline/'] },
  {
    // A rule that does not fit is changed here, for everyone, and not switched off in a file.
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // The null check before an index is `noUncheckedIndexedAccess`'s; a `!` after a length check says that it cannot happen.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Factories return closures: none of our methods uses `this`, so each may be taken off its object.
      '@typescript-eslint/unbound-method': 'off',
      // An interface may be implemented by something that has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      'no-restricted-properties': ['error', readOnlyInConfig],
      eqeqeq: 'error',
      'no-console': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
    },
  },
  {
    files: ['src/web/**/*.ts', 'src/web/**/*.tsx'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^\\.\\./', message: 'The page knows the API by its schema alone, as any other client does.' },
          ],
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/cli.ts', 'src/commands/**', 'src/api/**', 'src/web/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        mayNotImport(['agent', 'ingest', 'schema', 'test'], 'src/ is what the roles share: it knows none of them.'),
      ],
    },
  },
  {
    files: ['src/cli.ts', 'src/commands/**/*.ts', 'src/api/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', mayNotImport(['test'], 'The product does not know its tests.')] },
  },
  ...['agent', 'ingest', 'schema'].map((role) => ({
    files: [`${role}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        mayNotImport(
          ['agent', 'ingest', 'schema', 'test'].filter((folder) => folder !== role),
          `${role}/ imports src/ and itself; what two roles need belongs into src/.`,
        ),
      ],
    },
  })),
  {
    files: ['src/config/**/*.ts', 'test/**/*.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['src/cli.ts', 'src/commands/**/*.ts', 'test/performance/**/*.ts', 'test/accuracy/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
);
