import { expect, it } from "vitest";
import {
  type ArtifactRef,
  artifactRef,
  defineStep,
  ErrorBehavior,
  type ExecutionResult,
  ExecutionResult as Result,
  isArtifactRef,
  purgeWorkflows,
  type StepBody,
  type StepExecutionContext,
  WorkflowBuilder,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { InMemoryArtifactStore } from "../../src/test-support/index.ts";
import { registers, type Scenario, scenarios } from "./scenario.ts";

interface Build {
  readonly source?: ArtifactRef;
  built?: ArtifactRef;
  text?: string;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const ABSENT = artifactRef(`sha256:${"0".repeat(64)}`);

async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** Puts the text in capitals. */
const compile = defineStep("compile", async (suffix: string, ctx) => {
  const { source } = ctx.artifacts.inputs;
  if (source === undefined) throw new Error("no source");
  return { built: await ctx.artifacts.put(bytes((await textOf(ctx.artifacts.get(source))).toUpperCase() + suffix), { mediaType: "text/plain" }) };
});

/** The artifact that the step before has made, as text. */
class Read implements StepBody<Build> {
  text = "";
  run = async (ctx: StepExecutionContext<Build>): Promise<ExecutionResult> => {
    const { built } = ctx.artifacts.inputs;
    if (built === undefined) throw new Error("nothing built");
    this.text = await textOf(ctx.artifacts.get(built));
    return Result.next();
  };
}

const pipeline = new WorkflowBuilder<Build>()
  .then(compile, () => "!")
  .artifactInputs(({ source }) => ({ source }))
  .output(({ built }, data) => void (data.built = built))
  .waitFor("go", (_, ctx) => ctx.workflow.id)
  .then(Read)
  .artifactInputs(({ built }) => ({ built }))
  .output((step, data) => void (data.text = step.text))
  .build("pipeline", 1);

/** What a step sees of a declaration. */
function declares(select: () => unknown, seen: unknown[]): WorkflowDefinition<Build> {
  return new WorkflowBuilder<Build>()
    .thenFn("look", (ctx) => {
      seen.push(ctx.artifacts.inputs);
    })
    .artifactInputs(select as () => Record<string, ArtifactRef | undefined>)
    .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 2 }))
    .build("declares", 1);
}

/** The store of the test that runs; there is one at a time. */
let artifacts: InMemoryArtifactStore;

const withArtifacts = {
  prepare: (builder: Parameters<NonNullable<Parameters<typeof scenarios>[2]>["prepare"] & {}>[0]) => builder.useArtifactStore(artifacts),
};

function fresh(open: () => Promise<Scenario>): () => Promise<Scenario> {
  return async () => {
    const opened = await open();
    artifacts = new InMemoryArtifactStore({ clock: opened.clock, expiry: "7d" });
    return opened;
  };
}

scenarios(
  "artifacts",
  (opening) => {
    const open = fresh(opening);

    it("go from step to step, and hold what was put", async () => {
      const { clock, host: start } = await open();
      const host = await start(registers(pipeline));
      const { digest } = await artifacts.put(bytes("abc"));

      const id = await host.startWorkflow(pipeline, { source: artifactRef(digest) });
      await host.publishEvent("go", id, null);
      await clock.advance("5s");

      const { data, status } = await host.getWorkflow(id);
      expect({ status, text: (data as Build).text }).toEqual({ status: "complete", text: "ABC!" });
      expect(isArtifactRef((data as Build).built)).toBe(true);
    });

    it("stay while their workflow lives, whatever their expiry says, and go when it is purged", async () => {
      const { clock, host: start, store } = await open();
      const host = await start(registers(pipeline), { sweepInterval: "12h" });
      const { digest } = await artifacts.put(bytes("abc"));
      const id = await host.startWorkflow(pipeline, { source: artifactRef(digest) });
      await clock.advance("30d");

      const before = await host.sweepArtifacts();
      await host.publishEvent("go", id, null);
      await clock.advance("1d");
      const ended = await host.getWorkflow(id);
      const built = (ended.data as Build).built?.__wfe_artifact ?? digest;
      const pins = [await artifacts.stat(digest), await artifacts.stat(built)].map((info) => info?.pinnedBy);
      const removed = await host.purgeWorkflows({ status: "complete", olderThan: 0 });
      const swept = await host.sweepArtifacts();

      expect(ended.status).toBe("complete");
      expect(pins).toEqual([[id], [id]]);
      expect([before.artifacts, removed, swept]).toEqual([0, 1, { artifacts: 2, bytes: 7 }]);
      expect(await artifacts.stat(digest)).toBeUndefined();
      void store;
    });

    it("are released by the purge of a process without a host", async () => {
      const { clock, host: start, store } = await open();
      const host = await start(registers(pipeline));
      const { digest } = await artifacts.put(bytes("abc"));
      const id = await host.startWorkflow(pipeline, { source: artifactRef(digest) });
      await host.publishEvent("go", id, null);
      await clock.advance("5s");
      const { persistence } = store.open();
      await persistence.start();

      await purgeWorkflows(persistence, { status: "complete", olderThan: 0 }, { artifacts, clock });
      await persistence.stop();

      expect((await artifacts.stat(digest))?.pinnedBy).toEqual([]);
    });

    it("are released when the purge of their workflow was interrupted", async () => {
      const { clock, host: start, store } = await open();
      const host = await start(registers(pipeline));
      const { digest } = await artifacts.put(bytes("abc"));
      const lives = await host.startWorkflow(pipeline, { source: artifactRef(digest) });
      const ends = await host.startWorkflow(pipeline, { source: artifactRef(digest) });
      await host.publishEvent("go", ends, null);
      await clock.advance("5s");
      const { persistence } = store.open();
      await persistence.start();
      await persistence.deleteWorkflows([ends]);
      await persistence.stop();

      await host.sweepArtifacts();
      const early = (await artifacts.stat(digest))?.pinnedBy;
      await clock.advance("2h");
      await host.sweepArtifacts();

      expect(early).toEqual([lives, ends].toSorted());
      expect((await artifacts.stat(digest))?.pinnedBy).toEqual([lives]);
    });

    it("that are declared and missing fail the step before its body starts (fault 81)", async () => {
      const { clock, host: start } = await open();
      const seen: unknown[] = [];
      const definition = declares(() => ({ source: ABSENT }), seen);
      const host = await start(registers(definition));

      const id = await host.startWorkflow(definition, {});
      await clock.advance("10s");

      const { status, error } = await host.getWorkflow(id);
      const errors = await host.getErrors(id);
      expect({ status, code: error?.code, attempts: errors.map(({ attempt }) => attempt) }).toEqual({
        status: "suspended",
        code: "WFE_ARTIFACT_NOT_FOUND",
        attempts: [1, 2, 3],
      });
      expect(error?.message).toContain(`"source" (${ABSENT.__wfe_artifact})`);
      expect(seen).toEqual([]);
    });

    it.each([
      ["a digest without its object", () => ({ source: ABSENT.__wfe_artifact }), "WFE_ARTIFACT_REF_INVALID"],
      ["a path in place of a digest (fault 71)", () => ({ source: { __wfe_artifact: "sha256:../../etc/passwd" } }), "WFE_ARTIFACT_REF_INVALID"],
      ["nothing for a name", () => ({ source: undefined }), "WFE_ARTIFACT_REF_INVALID"],
      ["a list", () => [ABSENT], "WFE_STEP_FAILED"],
      ["nothing", () => undefined, "WFE_STEP_FAILED"],
    ])("that are declared as %s fail the step, which is not tried again", async (_, select, code) => {
      const { clock, host: start } = await open();
      const seen: unknown[] = [];
      const definition = declares(select, seen);
      const host = await start(registers(definition));

      const id = await host.startWorkflow(definition, {});
      await clock.advance("10s");

      const errors = await host.getErrors(id);
      expect(errors.map((error) => error.code)).toEqual([code]);
      expect(seen).toEqual([]);
    });

    it("of a compensator are looked up, too", async () => {
      const { clock, host: start } = await open();
      const { digest } = await artifacts.put(bytes("kept"));
      const seen: string[] = [];
      const definition = new WorkflowBuilder<Build>()
        .saga((all) =>
          all
            .thenFn("use", () => {})
            .compensateWithFn(
              "restore",
              async (ctx) => {
                seen.push(await textOf(ctx.artifacts.get(ctx.artifacts.inputs["backup"] ?? ABSENT)));
              },
              (c) => c.artifactInputs(() => ({ backup: artifactRef(digest) })),
            )
            .thenFn("fail", () => {
              throw new Error("no");
            })
            .onError(ErrorBehavior.compensate()),
        )
        .build("restores", 1);
      const host = await start(registers(definition));

      const id = await host.startWorkflow(definition, {});
      await clock.advance("5s");

      expect([seen, (await host.getWorkflow(id)).status]).toEqual([["kept"], "complete"]);
    });

    it("of a step that is run again are the same artifact", async () => {
      const { clock, host: start } = await open();
      const definition = new WorkflowBuilder<Build>()
        .thenFn("put", async (ctx) => {
          const built = await ctx.artifacts.put(bytes("again"));
          if (ctx.attempt === 1) throw new Error("after the put");
          return built;
        })
        .saveAs("built")
        .onError(ErrorBehavior.retry({ interval: "1s" }))
        .build("puts", 1);
      const host = await start(registers(definition));

      const id = await host.startWorkflow(definition, {});
      await clock.advance("10s");

      const all: string[] = [];
      for await (const { digest } of artifacts.list()) all.push(digest);
      expect(all).toEqual([((await host.getWorkflow(id)).data as Build).built?.__wfe_artifact]);
    });
  },
  withArtifacts,
);

scenarios("hosts without an artifact store", (open) => {
  it("fail a step that declares artifacts, and refuse a sweep", async () => {
    const { clock, host: start } = await open();
    const definition = declares(() => ({}), []);
    const host = await start(registers(definition));

    const id = await host.startWorkflow(definition, {});
    await clock.advance("10s");

    expect((await host.getWorkflow(id)).error?.code).toBe("WFE_ARTIFACT_STORE_MISSING");
    await expect(host.sweepArtifacts()).rejects.toMatchObject({ code: "WFE_ARTIFACT_STORE_MISSING" });
  });
});
