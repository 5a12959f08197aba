import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type BuildResult, type Plugin } from "esbuild";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WorkflowHostBuilder as HostBuilder, WorkflowBuilder as Builder } from "../../src/index.ts";
import type { InMemoryLockProvider, InMemoryPersistenceProvider, InMemoryQueueProvider } from "../../src/test-support/index.ts";

/** As in a project that has not installed it. */
const notInstalled: Plugin = {
  name: "@opentelemetry is not installed",
  setup: ({ onResolve }) => onResolve({ filter: /^@opentelemetry\// }, ({ path }) => ({ errors: [{ text: `cannot find ${path}` }] })),
};

describe("without @opentelemetry/api", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "wfe-without-api-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** One file of an entry point and all that it needs, where nothing is installed. */
  const bundled = (contents: string): Promise<BuildResult> =>
    build({
      stdin: { contents, resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
      outfile: join(folder, "bundle.mjs"),
      bundle: true,
      format: "esm",
      platform: "node",
      conditions: ["wfe-source"],
      plugins: [notInstalled],
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
      logLevel: "silent",
    });

  it("wfe runs workflows", async () => {
    await bundled(`export * from "../../src/index.ts"; export * from "../../src/test-support/index.ts";`);
    const wfe = (await import(pathToFileURL(join(folder, "bundle.mjs")).href)) as {
      readonly WorkflowBuilder: typeof Builder;
      readonly WorkflowHostBuilder: typeof HostBuilder;
      readonly InMemoryPersistenceProvider: typeof InMemoryPersistenceProvider;
      readonly InMemoryLockProvider: typeof InMemoryLockProvider;
      readonly InMemoryQueueProvider: typeof InMemoryQueueProvider;
    };
    const one = new wfe.WorkflowBuilder<{ n: number }>()
      .thenFn("one", () => 1)
      .saveAs("n")
      .build("one", 1);
    const providers = {
      persistence: new wfe.InMemoryPersistenceProvider(),
      locks: new wfe.InMemoryLockProvider(),
      queue: new wfe.InMemoryQueueProvider(),
    };
    await using host = new wfe.WorkflowHostBuilder().useProviders(providers).build();
    host.registerWorkflowDefinition(one);
    await host.start();

    expect(await host.runWorkflow(one, { n: 0 })).toEqual({ n: 1 });
  });

  it("wfe/otel says what is missing", async () => {
    await expect(bundled(`export * from "../../src/otel/index.ts";`)).rejects.toThrow("cannot find @opentelemetry/api");
  });
});
