/** Fails if an entry of the live client has become too large: minified and gzipped, as a page loads it. */

import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const CORE = 'live';
/** Entries, and the files that two of them load when they are needed, in KiB. */
const BESIDE_CORE = ['queue', 'react', 'sse', 'tabs', 'things', 'view'];
const ON_DEMAND = { 'sse/stream-socket': 1.5, 'tabs/leader': 1.65 };
const LIMITS_BYTES = {
  [CORE]: 8 * 1024,
  ...Object.fromEntries(BESIDE_CORE.map((entry) => [`live/${entry}`, 1.5 * 1024])),
  ...Object.fromEntries(Object.entries(ON_DEMAND).map(([file, kib]) => [`live/${file}`, Math.floor(kib * 1024)])),
};

let isTooLarge = false;
for (const [entry, limit] of Object.entries(LIMITS_BYTES)) {
  const bytes = await sizeOf(entry);
  const verdict = bytes > limit ? 'TOO LARGE' : 'ok';
  console.log(`${entry.padEnd(22)} ${String(bytes).padStart(6)} bytes of ${limit}: ${verdict}`);
  isTooLarge ||= bytes > limit;
}
process.exitCode = isTooLarge ? 1 : 0;

/** An entry beside the core is measured without what it takes from the core. */
async function sizeOf(entry) {
  const isOutside = (id, importer) =>
    /^react(-dom)?($|\/)/.test(id) || (entry !== CORE && importer !== undefined && /^\.\.\//.test(id));
  const build = await rolldown({
    input: new URL(
      `../dist/${entry}${Object.keys(ON_DEMAND).some((file) => entry.endsWith(file)) ? '' : '/index'}.js`,
      import.meta.url,
    ).pathname,
    external: (id, importer) => isOutside(id, importer),
    logLevel: 'warn',
  });
  const { output } = await build.generate({ format: 'esm', minify: true });
  await build.close();
  // The other files are loaded only when they are needed.
  return gzipSync(output.find((file) => file.isEntry).code, { level: 9 }).length;
}
