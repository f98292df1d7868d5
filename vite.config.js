import { join } from 'node:path';
import { defineConfig } from 'vite';

// The page: `vite build` from src/web to dist/web, which src/api/page.ts serves. `vite` alone serves it while it is worked on, with the
// API of a running `npm start` behind it.
export default defineConfig({
  root: join(import.meta.dirname, 'src/web'),
  publicDir: false,
  cacheDir: join(import.meta.dirname, 'node_modules/.vite'),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: join(import.meta.dirname, 'dist/web'),
    emptyOutDir: true,
    target: ['chrome123', 'firefox128', 'safari17.5'],
    // A file of its own for everything: the content security policy allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 600,
  },
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:4000', ws: true } } },
});
