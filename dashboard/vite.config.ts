import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// `npm run dev` serves the pages itself and passes everything else to a running `milepost serve`.
const server = process.env['MILEPOST_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the content security policy serves files, not data: URLs, for scripts and workers
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      input: { index: 'index.html', docs: 'docs.html' },
      output: {
        // Some servers give .mjs and .geojson no script or JSON type: use endings that everyone knows.
        assetFileNames: ({ names }) => {
          const name = names[0] ?? '';
          if (name.endsWith('.mjs')) return 'assets/[name]-[hash].js';
          if (name.endsWith('.geojson')) return 'assets/[name]-[hash].json';
          return 'assets/[name]-[hash][extname]';
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': server,
      '/auth': server,
      '/app': server,
      '/ws': { target: server, ws: true },
    },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
