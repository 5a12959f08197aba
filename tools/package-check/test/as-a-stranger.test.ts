import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PERSISTENCE_SUITE_CASES } from "wfe-core/test-support";
import { testDatabase, testKeyPrefix } from "wfe-test-services/vitest";
import { catalogRange, packAll, type PackedPackage, ROOT } from "../src/packed-packages.ts";
import { Stranger, type StrangerOptions } from "../src/stranger.ts";

const LIMIT_MS = 600_000;
const COMPILER = {
  typescript: process.env["WFE_CHECK_TYPESCRIPT"] ?? catalogRange("@typescript/native"),
  "@types/node": catalogRange("@types/node"),
};
const STRICT = {
  compilerOptions: {
    target: "es2022",
    lib: ["es2022", "esnext.disposable"],
    module: "nodenext",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    types: ["node"],
    outDir: "out",
  },
  include: ["*.ts"],
};

const database = testDatabase("stranger");
const keys = testKeyPrefix("stranger");
let folder: string;
let packed: readonly PackedPackage[] = [];
const strangers: Stranger[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "wfe-packed-"));
  packed = await packAll(folder);
}, LIMIT_MS);

afterAll(() => {
  for (const stranger of strangers) stranger.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function stranger(options: StrangerOptions): Promise<Stranger> {
  const installed = await Stranger.install(packed, options);
  strangers.push(installed);
  return installed;
}

/** The first example of a README. */
function exampleOf(readme: string): string {
  const [, code] = /^```ts(?: run)?\n(.*?)^```$/ms.exec(readme) ?? [];
  if (code === undefined) throw new Error("the README has no example");
  return code;
}

function packageNamed(name: string): PackedPackage {
  const found = packed.find(({ manifest }) => manifest.name === name);
  if (found === undefined) throw new Error(`${name} was not packed`);
  return found;
}

describe("what is published", () => {
  it("are the five packages", () => {
    expect(packed.map(({ manifest }) => manifest.name).toSorted()).toEqual(["wfe", "wfe-core", "wfe-postgres", "wfe-redis", "wfe-sqlite"]);
  });

  it("has what a package promises, and nothing of the repository's own", () => {
    for (const { manifest, files, textOf } of packed) {
      const { name, version } = manifest;
      expect(files, name).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json"]));
      expect(files.includes("CHANGELOG.md"), `${name} has a changelog once it has a version`).toBe(version !== "0.0.0");
      expect(
        files.filter(
          (file) =>
            !/^(dist\/.*\.(js|d\.ts|js\.map)|src\/.*\.ts|LICENSE|README\.md|CHANGELOG\.md|package\.json|workflow-definition\.schema\.json)$/.test(
              file,
            ),
        ),
        name,
      ).toEqual([]);
      expect(textOf("package.json"), "ranges of the workspace are resolved").not.toMatch(/"(catalog|workspace):/);
    }
  });

  it("has all that its entry points name, and a source for each map", () => {
    for (const { manifest, files, textOf } of packed) {
      const targets = Object.values(manifest["exports"] as Record<string, string | Record<string, string>>).flatMap((target) =>
        typeof target === "string" ? [target] : Object.values(target),
      );
      expect(files).toEqual(expect.arrayContaining(targets.map((target) => target.replace("./", ""))));
      for (const file of files.filter((path) => path.endsWith(".js.map"))) {
        const { sources, sourcesContent } = JSON.parse(textOf(file)) as {
          readonly sources: readonly string[];
          readonly sourcesContent?: readonly string[];
        };
        expect(sourcesContent?.length ?? sources.length, file).toBe(sources.length);
      }
      const withCode = files.filter((path) => path.endsWith(".js") && textOf(path).includes("//#region"));
      expect(files, "all code has a map").toEqual(expect.arrayContaining(withCode.map((file) => `${file}.map`)));
      expect(withCode.length).toBeGreaterThan(5);
    }
  });
});

describe("a stranger", { timeout: LIMIT_MS, concurrent: true }, () => {
  it("installs wfe and wfe-sqlite, compiles the README's example strictly, and runs it", async () => {
    const project = await stranger({ packages: ["wfe", "wfe-sqlite"], dependencies: COMPILER });
    project.write("tsconfig.json", JSON.stringify(STRICT));
    project.write("example.ts", exampleOf(packageNamed("wfe").textOf("README.md")));

    await project.run("npx", ["tsc"]);

    expect(await project.run("node", ["out/example.js"])).toBe("Hello Ada\n");
    expect(project.installed()).toEqual(expect.arrayContaining(["wfe", "wfe-core", "wfe-sqlite", "better-sqlite3"]));
    expect(project.installed().filter((name) => ["wfe-postgres", "wfe-redis", "pg", "ioredis", "bullmq"].includes(name))).toEqual([]);
  });

  it("requires wfe and wfe-sqlite from CommonJS", async () => {
    const project = await stranger({ packages: ["wfe", "wfe-sqlite"], type: "commonjs" });
    project.write(
      "example.js",
      `const { WorkflowBuilder, WorkflowHostBuilder } = require("wfe");
const { sqliteProviders } = require("wfe-sqlite");
const { createTestHost } = require("wfe/test-support");
const greet = new WorkflowBuilder().thenFn("greet", (ctx) => console.log("Hello " + ctx.data.name)).build("greet", 1);
(async () => {
  const host = new WorkflowHostBuilder().useProviders(sqliteProviders({ path: "wfe.db" })).build();
  host.registerWorkflowDefinition(greet);
  await host.start();
  await host.runWorkflow(greet, { name: "CommonJS" });
  await host.stop();
  const test = await createTestHost({ definitions: [greet] });
  await test.runWorkflow(greet, { name: "tests" });
  await test.stop();
})();
`,
    );

    expect(await project.run("node", ["example.js"])).toBe("Hello CommonJS\nHello tests\n");
  });

  it("uses PostgreSQL and Redis without the driver of SQLite", async () => {
    const project = await stranger({ packages: ["wfe", "wfe-postgres", "wfe-redis"], dependencies: COMPILER });
    project.write("tsconfig.json", JSON.stringify(STRICT));
    project.write("postgres.ts", exampleOf(packageNamed("wfe-postgres").textOf("README.md")));
    project.write(
      "redis.ts",
      `import { WorkflowBuilder, WorkflowHostBuilder } from "wfe";
import { postgresProviders } from "wfe-postgres";
import { redisProviders } from "wfe-redis";

const { DATABASE_URL: connectionString = "", REDIS_URL: url = "" } = process.env;
const greet = new WorkflowBuilder<{ name: string }>().thenFn("greet", (ctx) => console.log(\`Hello \${ctx.data.name}\`)).build("greet", 1);
const providers = { ...postgresProviders({ connectionString }), ...redisProviders({ url, keyPrefix: "${keys.keyPrefix}" }) };
await using host = new WorkflowHostBuilder().useProviders(providers).build();
host.registerWorkflowDefinition(greet);
await host.start();
await host.runWorkflow(greet, { name: "Redis" });
`,
    );

    await project.run("npx", ["tsc"]);
    const env = { DATABASE_URL: database, REDIS_URL: keys.url };

    expect(await project.run("node", ["out/postgres.js"], undefined, env)).toBe("Hello Ada\n");
    expect(await project.run("node", ["out/redis.js"], undefined, env)).toBe("Hello Redis\n");
    expect(project.installed().filter((name) => /sqlite/.test(name))).toEqual([]);
  });

  it("proves a provider of its own with the suite, under Vitest and under the runner of Node.js", async () => {
    const project = await stranger({
      packages: ["wfe-core"],
      dependencies: { ...COMPILER, vitest: catalogRange("vitest"), tsx: catalogRange("tsx") },
    });
    for (const part of ["src", "test", "node-test"]) project.copy(`${ROOT}examples/custom-provider/${part}`, part);

    await project.run("npx", ["vitest", "run", "--dir", "test", "json-file-persistence-provider"]);
    const tap = await project.run("node", ["--import", "tsx", "--test", "--test-reporter=tap", "node-test/json-file-persistence-provider.test.ts"]);

    const counted = Object.fromEntries([...tap.matchAll(/^# (pass|fail|skipped) (\d+)$/gm)].map(([, what, count]) => [what, Number(count)]));
    expect(counted).toEqual({ pass: PERSISTENCE_SUITE_CASES.length, fail: 0, skipped: 0 });
  });
});
