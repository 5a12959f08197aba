import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type ArtifactRef, type ArtifactStore, extractArtifactToDir, LocalArtifactStore, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";
import { pipeline } from "./pipeline.ts";

const project = fileURLToPath(new URL("project", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "build-pipeline-"));

// Nothing lasts for long by itself; what a build needs is pinned for it.
const artifacts = await LocalArtifactStore.open(join(folder, "artifacts"), { expiry: "1s" });
const host = new WorkflowHostBuilder()
  .useProviders(sqliteProviders({ path: join(folder, "builds.db") }))
  .useArtifactStore(artifacts)
  .build();
host.registerWorkflowDefinition(pipeline);
await host.start();

async function count(store: ArtifactStore): Promise<number> {
  let found = 0;
  for await (const _ of store.list()) found += 1;
  return found;
}

async function show(release: ArtifactRef): Promise<void> {
  const into = join(folder, "release");
  await extractArtifactToDir(artifacts.get(release.__wfe_artifact), into);
  for (const name of (await readdir(join(into, "app"))).toSorted()) console.log(`  app/${name}`);
  for (const name of (await readdir(join(into, "reports"))).toSorted()) {
    console.log(`  reports/${name}: ${(await readFile(join(into, "reports", name), "utf8")).trim()}`);
  }
}

const first = await host.runWorkflow(pipeline, { project });
console.log("the release of the first build:");
if (first.release !== undefined) await show(first.release);
console.log(`artifacts: ${await count(artifacts)}`);

const second = await host.runWorkflow(pipeline, { project });
console.log(`the second build has ${second.release?.__wfe_artifact === first.release?.__wfe_artifact ? "the same release" : "another release"}`);
console.log(`artifacts: ${await count(artifacts)}`);

await sleep(1_100);
console.log(`swept when all have expired, and the builds are there: ${(await host.sweepArtifacts()).artifacts}`);
await host.purgeWorkflows({ status: "complete", olderThan: 0 });
console.log(`swept when the builds were purged: ${(await host.sweepArtifacts()).artifacts}`);

await host.stop();
await rm(folder, { recursive: true });
