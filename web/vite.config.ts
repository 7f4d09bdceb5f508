import { defineConfig } from 'vite';

/** `vite` alone serves the page with reload and passes API calls on to a service started with `npm start`. */
export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: { outDir: '../dist/web', emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0 },
  server: { proxy: { '/api': { target: 'http://127.0.0.1:3000', ws: true } } },
});
