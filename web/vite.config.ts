/**
 * Build of the browser app: one folder of static files that the daemon serves from memory.
 *
 *   web/index.html -> dist/web/{index.html, assets/*, sw.js, manifest.webmanifest, icon.svg}
 *
 * Nothing is inlined: the page's policy forbids inline script and style.
 * @module
 */
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { catalogs } from './text/catalog-plugin.ts';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react(), catalogs()],
  build: {
    outDir: fileURLToPath(new URL('../dist/web', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
