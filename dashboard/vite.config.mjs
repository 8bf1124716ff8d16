/** How the page is bundled (tools/build-dashboard.mjs), and served while one works on it (`npm run dashboard`). */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));

export default defineConfig({
  root,
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    outDir: join(root, '..', 'dist', 'page'),
    emptyOutDir: true,
    // Says what each page fetches, for the limit of its size.
    manifest: true,
    target: ['chrome111', 'firefox113', 'safari16.4'],
    // A data: URL in a style sheet would be one more thing for the content security policy to allow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // TRAWL_URL: of a coordinator that runs, as `trawl up` prints it.
  server: { proxy: { '/api': { target: process.env.TRAWL_URL ?? 'http://127.0.0.1:8080', changeOrigin: true } } },
});
