import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type ArtifactRef, packArtifact, WorkflowBuilder, type WorkflowDefinition } from "wfe";

// A project is checked out, built, tested and packaged. Each step may run in another process, on another machine: what they hand on are references in
// the data, to archives in the artifact store.

export interface Build {
  /** Where the sources are. */
  readonly project: string;
  source?: ArtifactRef;
  suites: string[];
  built?: ArtifactRef;
  /** By test suite: its report. */
  reports: Record<string, ArtifactRef>;
  release?: ArtifactRef;
}

const run = promisify(execFile);

/** A step leaves nothing on the machine that it happens to run on. */
async function inWorkspace<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "build-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What stands for a compiler here: leaves the comments out. */
async function compile(source: string, into: string): Promise<void> {
  await mkdir(into);
  for (const name of await readdir(source)) {
    const text = await readFile(join(source, name), "utf8");
    await writeFile(join(into, name), text.replaceAll(/^\s*\/\/.*\n/gm, ""));
  }
}

export const pipeline: WorkflowDefinition<Build, { project: string }> = new WorkflowBuilder<Build>()
  .initialData(({ project }: { project: string }): Build => ({ project, suites: [], reports: {} }))
  .thenFn("checkout", async (ctx) => ({
    // The same files make the same archive, so the same sources are one artifact.
    source: await ctx.artifacts.put(packArtifact(ctx.data.project)),
    suites: (await readdir(join(ctx.data.project, "test"))).toSorted(),
  }))
  .output(({ source, suites }, data) => {
    data.source = source;
    data.suites = suites;
  })

  .thenFn("build", (ctx) =>
    inWorkspace(async (folder) => {
      await ctx.artifacts.extract("source", join(folder, "source"));
      await compile(join(folder, "source", "src"), join(folder, "dist"));
      return await ctx.artifacts.put(packArtifact(join(folder, "dist")));
    }),
  )
  // Looked up and pinned before the step runs; a missing one fails it.
  .artifactInputs(({ source }) => ({ source }))
  .saveAs("built")

  .forEach(
    ({ suites }) => suites,
    (each) =>
      each
        .thenFn("test", (ctx) =>
          inWorkspace(async (folder) => {
            await ctx.artifacts.extract("source", join(folder, "source"));
            await ctx.artifacts.extract("built", join(folder, "dist"));
            const { stdout } = await run(process.execPath, ["--test", "--test-reporter=tap", `source/test/${ctx.item}`], {
              cwd: folder,
              signal: ctx.signal,
            });
            const passed = /^# pass (\d+)$/m.exec(stdout)?.[1];
            return await ctx.artifacts.put(Buffer.from(`${ctx.item}: ${passed} passed\n`), { mediaType: "text/plain" });
          }),
        )
        .artifactInputs(({ source, built }) => ({ source, built }))
        .output((report, data, ctx) => {
          data.reports[ctx.item] = report;
        }),
    { parallel: true },
  )

  .thenFn("package", (ctx) =>
    inWorkspace(async (folder) => {
      const { built, ...reports } = ctx.artifacts.inputs;
      await ctx.artifacts.extract("built", join(folder, "release", "app"));
      await mkdir(join(folder, "release", "reports"));
      for (const [suite, report] of Object.entries(reports)) {
        await writeFile(join(folder, "release", "reports", `${suite}.txt`), ctx.artifacts.get(report));
      }
      return await ctx.artifacts.put(packArtifact(join(folder, "release")));
    }),
  )
  .artifactInputs(({ built, reports }) => ({ built, ...reports }))
  .saveAs("release")
  .build("build-pipeline", 1);
