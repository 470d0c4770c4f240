import { join } from "node:path";
import { defineConfig } from "vitest/config";

// What is tested over servers is what is published: the built package.
const built = (name: string) => join(import.meta.dirname, "dist", name);
const resolve = {
  alias: {
    "headgate/governance": built("governance.mjs"),
    "headgate/testing": built("testing.mjs"),
    headgate: built("index.mjs"),
  },
};

export default defineConfig({
  test: {
    // Threads would share the addon, and Node 24 can abort when a worker ends with calls in flight.
    pool: "forks",
    projects: [
      {
        extends: true,
        test: {
          name: "api",
          include: ["test/{api,soak}/**/*.test.ts"],
          benchmark: { include: [] },
        },
      },
      {
        extends: true,
        resolve,
        test: {
          name: "integration",
          include: ["test/{integration,crash,chaos}/**/*.test.ts"],
          globalSetup: ["test/support/kafka/setup.ts", "test/support/s3/setup.ts"],
          // One broker, one store and two cores serve them all.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
          benchmark: { include: [] },
        },
      },
      {
        extends: true,
        resolve,
        test: { name: "bench", include: [], benchmark: { include: ["benches/**/*.bench.ts"] } },
      },
    ],
  },
});
