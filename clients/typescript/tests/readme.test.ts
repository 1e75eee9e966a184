import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const ROOT = new URL('../', import.meta.url);
/** A folder inside the package, so that the snippets find React and ws. */
const FOLDER = new URL('node_modules/.readme-snippets/', ROOT);

const TSCONFIG = {
  extends: '../../tsconfig.json',
  compilerOptions: {
    noUnusedLocals: false,
    noUnusedParameters: false,
    paths: {
      '@milepost/client': ['../../src/index.ts'],
      '@milepost/client/live': ['../../src/live/index.ts'],
      '@milepost/client/live/*': ['../../src/live/*/index.ts'],
      '@milepost/client/react': ['../../src/react/index.ts'],
      '@milepost/client/rest': ['../../src/rest/index.ts'],
    },
  },
  include: ['*.ts', '*.tsx'],
};

it('every TypeScript snippet of the README compiles', async () => {
  const readme = await readFile(new URL('README.md', ROOT), 'utf8');
  const snippets = [...readme.matchAll(/^```(tsx?)\n(.*?)^```$/gms)];
  expect(snippets.length).toBeGreaterThan(4);
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  await writeFile(new URL('tsconfig.json', FOLDER), JSON.stringify(TSCONFIG));
  for (const [index, [, extension, code = '']] of snippets.entries()) {
    await writeFile(new URL(`snippet-${index + 1}.${extension}`, FOLDER), code);
  }
  const tsc = fileURLToPath(new URL('node_modules/.bin/tsc', ROOT));
  const run = promisify(execFile)(tsc, ['--project', fileURLToPath(FOLDER)]);
  const output = await run.then(
    () => '',
    (failure: { stdout: string }) => failure.stdout,
  );
  expect(output).toBe('');
});
