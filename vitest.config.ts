import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{core,vault,api,daemon,cli,sim,tools,web}/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    watch: false,
  },
});
