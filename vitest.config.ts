import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

/** Projects by cost: `unit` sits beside the source, the others start real programs and run one file at a time. */
const project = (name: string, include: string[], serial: boolean) => ({
  // The build's .swcrc leaves the tests out, so that it is not read here; tsconfig.json's decorator settings are.
  plugins: [swc.vite({ swcrc: false, module: { type: 'es6' } })],
  test: {
    name,
    include,
    testTimeout: serial ? 60_000 : 20_000,
    hookTimeout: serial ? 120_000 : 20_000,
    fileParallelism: !serial,
    pool: 'forks' as const,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', ['src/**/*.test.ts'], false),
      project('contract', ['test/contract/**/*.test.ts'], true),
      project('conformance', ['test/conformance/**/*.test.ts'], true),
      project('e2e', ['test/e2e/**/*.test.ts'], true),
      project('browser', ['test/browser/**/*.test.ts'], true),
      project('chaos', ['test/chaos/**/*.test.ts'], true),
    ],
  },
});
