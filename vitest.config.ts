import { defineConfig } from "vitest/config";

// Siblings are read from their sources, so that tests need no build.
const conditions = ["wfe-source", "node", "import", "module", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["{packages,examples,tools}/*/test/**/*.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    coverage: { provider: "v8", include: ["packages/*/src/**"] },
  },
});
