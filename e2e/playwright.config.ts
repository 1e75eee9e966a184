import { defineConfig } from '@playwright/test';

// The system's Chromium: no browser is downloaded. WebGL runs in software, so that no graphics card is needed.
export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  timeout: 90_000,
  expect: { timeout: 20_000 },
  workers: 1,
  reporter: 'list',
  use: {
    trace: 'off',
    // A region that measures in kilometres.
    locale: 'en-IN',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
    },
  },
});
