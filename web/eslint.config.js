// Kept by tools, not by care: strict types, the rules of hooks, and who may import whom.
import importX from 'eslint-plugin-import-x'
import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

const layers = ['contract', 'transport', 'state', 'components']

/** components -> state -> transport -> contract: a layer imports itself and what is below it. */
const zones = layers.flatMap((layer, depth) =>
  layers.slice(depth + 1).map((above) => ({
    target: `./src/${layer}`,
    from: `./src/${above}`,
    message: `${layer} must not know ${above}: components -> state -> transport -> contract.`,
  })),
)

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'src/contract/messages.ts'] },
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { 'import-x': importX, 'react-hooks': reactHooks },
    settings: { 'import-x/resolver': { typescript: true } },
    rules: {
      ...reactHooks.configs.recommended.rules,
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-cycle': 'error',
      'no-console': 'error', // a page in production says nothing there; state/incidents.ts tells the user instead
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
)
