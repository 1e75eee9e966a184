import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

// `npm run dev` serves the pages itself and forwards everything else to a running `milepost serve`.
const server = process.env.MILEPOST_URL ?? 'http://127.0.0.1:8080';

const client = fileURLToPath(new URL('../clients/typescript/src', import.meta.url));

export default defineConfig({
  plugins: [react(), pageAddresses(), serviceWorker(), compressedAssets()],
  resolve: {
    // The client is built into the pages from its source.
    alias: [
      { find: /^@milepost\/client$/, replacement: `${client}/index.ts` },
      { find: /^@milepost\/client\/(.+)$/, replacement: `${client}/$1/index.ts` },
    ],
    dedupe: ['react', 'react-dom'],
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the content security policy serves files, not data: URLs, for scripts and workers
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      input: {
        index: 'index.html',
        docs: 'docs.html',
        track: 'track.html',
        share: 'share.html',
        driver: 'driver.html',
        parcel: 'parcel.html',
      },
      output: {
        // Some servers do not know the types of .mjs and .geojson: these endings are known everywhere.
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
      '/tracking': server,
      '/ws': { target: server, ws: true },
    },
  },
  test: { include: ['src/**/*.test.{ts,tsx}'], environment: 'node' },
});

/** Makes `npm run dev` serve the pages at the same addresses as the binary. */
function pageAddresses(): Plugin {
  return {
    name: 'page-addresses',
    configureServer(dev) {
      dev.middlewares.use((request, _response, next) => {
        const page = /^\/(?:(track|parcel)s?\/[^/?.]+|(driver|docs))\/?(?:\?|$)/.exec(request.url ?? '');
        if (page) request.url = `/${page[1] ?? page[2]}.html`;
        if (request.url === '/s') request.url = '/share.html';
        next();
      });
    },
  };
}

/** Writes the service worker with the names of all parts, but for those of the API reference. */
function serviceWorker(): Plugin {
  return {
    name: 'service-worker',
    apply: 'build',
    writeBundle({ dir }) {
      const folder = dir ?? 'dist';
      const names = readdirSync(join(folder, 'assets')).sort();
      const assets = names.filter((name) => !/swagger|^docs-/.test(name)).map((name) => `/assets/${name}`);
      const version = createHash('sha256').update(names.join()).digest('hex').slice(0, 16);
      const worker = readFileSync(fileURLToPath(new URL('scripts/service-worker.js', import.meta.url)), 'utf8');
      const head = `const VERSION = '${version}';\nconst ASSETS = ${JSON.stringify(assets)};\n`;
      writeFileSync(join(folder, 'sw.js'), head + worker);
    },
  };
}

/** The binary embeds assets as Brotli and gzip, and sends them so. */
function compressedAssets(): Plugin {
  return {
    name: 'compressed-assets',
    apply: 'build',
    writeBundle({ dir }) {
      const assets = join(dir ?? 'dist', 'assets');
      for (const name of readdirSync(assets)) {
        const file = join(assets, name);
        const content = readFileSync(file);
        writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
        writeFileSync(`${file}.br`, brotliCompressSync(content));
        rmSync(file);
      }
    },
  };
}
