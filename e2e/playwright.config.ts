import { defineConfig } from '@playwright/test';

// It is about noon in the browser whenever the tests run: what is a quarter of an hour old is of the same day.
const hoursToNoon = 12 - new Date().getUTCHours();
const noonZone = `Etc/GMT${hoursToNoon > 0 ? '-' : '+'}${Math.abs(hoursToNoon)}`;

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
    timezoneId: noonZone,
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
    },
  },
});
