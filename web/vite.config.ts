import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

/** A running stack for `npm run dev`: the page comes from Vite, everything else from there. */
const stack = process.env.STOCK_TRACKER_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react()],
  build: {
    target: ['chrome123', 'edge123', 'firefox125', 'safari17.5'],
    sourcemap: false,
    assetsInlineLimit: 0, // the policy allows no data: scripts or fonts
    modulePreload: { polyfill: false },
    // What the first view needs is one file: small shared chunks would cost a request each and compress badly.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'page', tags: ['$initial'] }] } } },
  },
  server: { proxy: { '/api': stack, '/config.json': stack, '/ws': { target: stack, ws: true } } },
  test: { environment: 'jsdom', include: ['src/**/*.test.{ts,tsx}'], restoreMocks: true, testTimeout: 30_000, // a busy machine is slow, not wrong
    setupFiles: ['src/testing/setup.ts'] },
})
