import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{core,vault,api,daemon,cli,sim,lab,tools,web}/**/*.test.ts'],
    pool: 'forks',
    // On two cores vitest would leave one idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    watch: false,
  },
});
