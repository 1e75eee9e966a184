import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['tests/**/*.test.{ts,tsx}'], environment: 'node', testTimeout: 20_000, hookTimeout: 40_000 },
});
