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
import { shell } from './shell-plugin.ts';
import { catalogs } from './text/catalog-plugin.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  plugins: [react(), catalogs(), shell(here('public'))],
  build: {
    outDir: here('../dist/web'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: { index: here('index.html'), sw: here('service-worker.ts') },
      output: {
        // A worker has one address for ever, at the top: from there it sees every page.
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
});
