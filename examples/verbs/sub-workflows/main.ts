import { defineEvent, ErrorBehavior, WorkflowBuilder, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";

// A release is built for several platforms; each build is a workflow of its own, with its own data, errors and history.

interface Build {
  platform: string;
  version: string;
  file: string;
}

const signed = defineEvent<string>("signed");

const build = new WorkflowBuilder<Build>()
  .initialData((start: Pick<Build, "platform" | "version">): Build => ({ ...start, file: "" }))
  .defaultErrorBehavior(ErrorBehavior.terminate())
  .thenFn("compile", (ctx) => {
    const { platform, version } = ctx.data;
    if (platform === "amiga") throw new Error("there is no compiler for amiga");
    console.log(`  build: compiled for ${platform}`);
    return `app-${version}-${platform}`;
  })
  .saveAs("file")
  // Without a date only events count that came after this build began; the signature is there before.
  .waitFor(signed, (data) => data.version, { effectiveDate: new Date(0) })
  .output((signature, data) => {
    data.file += `.${signature}`;
  })
  .build("build", 1);

interface Release {
  version: string;
  platforms: string[];
  files: string[];
}

const release = new WorkflowBuilder<Release>()
  .initialData((start: Omit<Release, "files">): Release => ({ ...start, files: [] }))
  .forEach(
    (data) => data.platforms,
    (each) =>
      each
        // What the child is given, and what comes out of it, have the types of its definition. Nothing else passes between the two.
        .subWorkflow(build, (data, ctx) => ({ platform: ctx.item, version: data.version }))
        .output((child, data) => {
          data.files.push(child.file);
        })
        // A terminated child fails this step; with a compensator the step is given up and the release goes on.
        .compensateWithFn("leave it out", (ctx) => {
          console.log(`  release: without ${ctx.item} (${ctx.compensates?.error.code})`);
        }),
    { parallel: false },
  )
  .thenFn("publish", (ctx) => console.log(`  release: published ${ctx.data.files.join(", ")}`))
  .build("release", 1);

await using host = new WorkflowHostBuilder().useProviders(sqliteProviders({ path: ":memory:" })).build();
for (const definition of [build, release]) host.registerWorkflowDefinition(definition);
await host.start();

console.log("version 1");
await host.publishEvent(signed, "1", "asc");
const first = await host.startWorkflow(release, { version: "1", platforms: ["linux", "amiga", "mac"] });
await host.waitForWorkflow(first);
const builds = await host.listWorkflows({ definitionId: "build" });
for (const platform of ["linux", "amiga", "mac"]) {
  const child = builds.items.find(({ data }) => (data as Build).platform === platform); // the filter names the definition
  console.log(`  ${platform}: ${child?.status}, ${child?.error?.message ?? "no error"}; a child: ${child?.parent?.workflowId === first}`);
}

console.log("version 2, called off while its first build waits to be signed");
const events = host.events(); // the lifecycle of all workflows of this host, from now on
const second = await host.startWorkflow(release, { version: "2", platforms: ["linux"] });
for await (const { type, workflowId, definitionId } of events) {
  if (definitionId !== "build") continue;
  if (type === "stepCompleted") {
    console.log("  the release is terminated, and the build with it");
    await host.terminateWorkflow(second);
  } else if (type === "terminated") {
    console.log(`  build: ${(await host.getWorkflow(workflowId)).status}`);
    break;
  }
}
console.log(`  release: ${(await host.getWorkflow(second)).status}`);
