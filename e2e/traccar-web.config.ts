import { defineConfig } from '@playwright/test';
import pages from './playwright.config';

// traccar-web of a checkout, which scripts/test-traccar.sh builds and serves.
export default defineConfig({ ...pages, testMatch: 'traccar-web.journeys.ts', retries: 0 });
