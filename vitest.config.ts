import { defineConfig } from 'vitest/config';

// Three projects, so that a failure names its layer. Integration tests start a real PostgreSQL once (server/testing/globalSetup.ts).
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['core/**/*.test.ts', 'client/**/*.test.ts', 'workers/inference/**/*.test.ts', 'scripts/**/*.test.ts'], testTimeout: 30_000 } },
      {
        test: {
          name: 'integration', include: ['server/**/*.test.ts'], globalSetup: ['server/testing/globalSetup.ts'],
          testTimeout: 60_000, hookTimeout: 120_000, maxWorkers: 2,
        },
      },
    ],
  },
});
