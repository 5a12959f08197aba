import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

// Siblings are read from their sources, so that tests need no build. Without "import", which Vitest would make hold for `require` as well.
const conditions = ["wfe-source", "node"];

// Starts the servers that tests of these projects share.
const services = fileURLToPath(new URL("tools/test-services/src/global-setup.ts", import.meta.url));
const withServices = ["wfe-postgres", "wfe-redis", "wfe", "pizza", "package-check"];

// Parts of packages that have many files which import the same: those that leave nothing behind share what they import, and the process with it; the
// others have a process each.
const SCENARIOS = "test/scenarios/**/*.test.ts";
const ARTIFACTS = "test/artifacts/**/*.test.ts";
const divided: Readonly<Record<string, readonly NonNullable<TestProjectInlineConfiguration["test"]>[]>> = {
  wfe: [{ exclude: [SCENARIOS] }, { name: "scenarios", include: [SCENARIOS], isolate: false }],
  "wfe-core": [
    { exclude: [ARTIFACTS], isolate: false },
    { name: "artifacts", include: [ARTIFACTS] },
  ],
};

// A project for each workspace package that has tests, or for each of its parts; a package without content has none.
const projects = ["packages", "examples", "tools"].flatMap((group) =>
  readdirSync(group)
    .filter((name) => existsSync(`${group}/${name}/test`))
    .flatMap((name) => {
      const common = { name, include: ["test/**/*.test.ts"], ...(withServices.includes(name) ? { globalSetup: services } : {}) };
      return (divided[name] ?? [{}]).map((part) => ({ extends: true as const, root: `${group}/${name}`, test: { ...common, ...part } }));
    }),
);

// Outside the workspace: its tests need none of what it installs.
const benchmarks = { extends: true as const, root: "benchmarks", test: { name: "benchmarks", include: ["test/**/*.test.ts"] } };

// CI counts what has passed from this file.
const reportFile = process.env["WFE_TEST_REPORT"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    projects: [...projects, benchmarks],
    // One more than there are processors: many tests wait for a server, or for time to pass, most of their time.
    maxWorkers: availableParallelism() + 1,
    // Far beyond what they take: only what hangs should end by it, however busy the machine is.
    testTimeout: 60_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 10_000 } },
    reporters: reportFile === undefined ? ["default"] : ["default", "json"],
    ...(reportFile === undefined ? {} : { outputFile: { json: reportFile } }),
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**"],
      reporter: ["text", "json-summary"],
      // What is left out is defaults that no caller can reach; a line that no test runs is not.
      thresholds: { lines: 99, functions: 99, branches: 95, "packages/wfe-core/src/**": { lines: 100 }, "packages/wfe/src/**": { lines: 100 } },
    },
  },
});
