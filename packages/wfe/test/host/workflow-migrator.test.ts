import { describe, expect, it } from "vitest";
import { InstanceLookup } from "../../src/host/instance-lookup.ts";
import { WorkflowMigrator } from "../../src/host/workflow-migrator.ts";
import { WorkflowStarter } from "../../src/host/workflow-starter.ts";
import { type AnyDefinition, artifactRef, ConflictError, type MigrateOptions, WorkflowBuilder } from "../../src/index.ts";
import { InMemoryArtifactStore, instant, sampleChange, samplePointer, sampleWorkflow } from "../../src/test-support/index.ts";
import { hostSetting } from "./host-setting.ts";

const define = (id: string, version: number, ...before: readonly string[]): AnyDefinition =>
  before
    .reduce((builder, name) => builder.thenFn(name, () => undefined) as never, new WorkflowBuilder<{ n: number }>())
    .waitFor("told", "k")
    .build(id, version);
const v1 = define("w", 1);
const v2 = define("w", 2, "new");

/** A migrator in a process that knows two versions, on a store with an instance of the first one that waits. */
async function setting(
  methods: Parameters<typeof hostSetting>[0] = {},
  status: "runnable" | "suspended" = "runnable",
): Promise<
  Awaited<ReturnType<typeof hostSetting>> & {
    readonly migrate: (to: unknown, options?: MigrateOptions) => Promise<unknown>;
    readonly changed: string[];
    readonly artifacts: InMemoryArtifactStore;
  }
> {
  const of = await hostSetting(methods);
  const artifacts = new InMemoryArtifactStore();
  const services = { ...of.services, artifacts };
  for (const definition of [v1, v2]) services.registry.register(definition);
  const changed: string[] = [];
  const lookup = new InstanceLookup(services);
  const migrator = new WorkflowMigrator(services, lookup, new WorkflowStarter(services, () => undefined), (id) => void changed.push(id));
  const { id: definitionId, version, fingerprint } = v1;
  const pointers = [samplePointer({ status: "waitingForEvent", eventName: "told", eventKey: "k", stepName: "waitFor told" })];
  await services.persistence.createNewWorkflow(sampleWorkflow("w", { definitionId, version, fingerprint, data: '{"n":1}', pointers }), instant());
  if (status === "suspended") await services.persistence.command("w", "suspend", instant());
  return { ...of, artifacts, changed, migrate: (to, options = {}) => migrator.migrate("w", to, options) };
}

const refused = (...reasons: readonly string[]): unknown =>
  expect.objectContaining({
    code: "WFE_MIGRATION_REFUSED",
    workflowId: "w",
    faults: reasons.map((reason) => expect.objectContaining({ reason }) as unknown),
  });

describe("a migration", () => {
  it("is written at once, told to the log, and has the instance looked at if it may go on", async () => {
    const runnable = await setting();
    const suspended = await setting({}, "suspended");

    for (const { migrate } of [runnable, suspended]) expect(await migrate(2)).toMatchObject({ migrated: true });

    expect(await runnable.services.persistence.getWorkflowInstance("w")).toMatchObject({
      version: 2,
      fingerprint: v2.fingerprint,
      revision: 1,
      dueAt: new Date(0),
    });
    const stored = await suspended.services.persistence.getWorkflowInstance("w");
    expect([stored?.status, stored?.version, stored?.dueAt]).toEqual(["suspended", 2, undefined]);
    expect([runnable.changed, suspended.changed]).toEqual([["w"], []]);
    expect(runnable.warnings).toMatchObject([
      { level: "info", message: 'the workflow w was migrated from version 1 of "w" to version 2', fields: { workflowId: "w" } },
    ]);
  });

  it("keeps the artifacts that the new data refer to", async () => {
    const { migrate, artifacts } = await setting();
    const { digest } = await artifacts.put(new Uint8Array([1]));
    const artifact = artifactRef(digest);

    await migrate(2, { data: () => ({ artifact }) });

    await expect(artifacts.delete(digest)).rejects.toMatchObject({ code: "WFE_ARTIFACT_PINNED" });
  });

  it("is refused for an instance that has ended, and for another definition", async () => {
    const { migrate, services } = await setting();
    const other = define("other", 1);
    services.registry.register(other);

    await expect(migrate(other)).rejects.toEqual(refused("definition"));
    await expect(migrate(2, { from: v2 })).rejects.toEqual(refused("definition"));
    await expect(migrate(2, { from: define("w", 1, "x") })).rejects.toThrow(
      /from is "w" version 1 \(fingerprint [0-9a-f]{12}\), which is not what it belongs to/,
    );
    await services.persistence.command("w", "terminate", instant());
    await expect(migrate(2)).rejects.toEqual(refused("over"));
    await expect(migrate(other, { from: other })).rejects.toEqual(refused("over", "definition", "definition"));
  });

  it("is refused for a target that this process does not know", async () => {
    const { migrate } = await setting();

    await expect(migrate(3)).rejects.toMatchObject({ code: "WFE_DEFINITION_NOT_FOUND" });
    await expect(migrate(1.5)).rejects.toMatchObject({ code: "WFE_DEFINITION_NOT_FOUND" });
  });

  it("tells of data that cannot be made or stored together with all other faults, and of their error", async () => {
    const { migrate, services } = await setting();
    const before = await services.persistence.getWorkflowInstance("w");
    const bug = new Error("no n");
    const made: readonly [NonNullable<MigrateOptions["data"]>, RegExp][] = [
      [
        () => {
          throw bug;
        },
        /no n/,
      ],
      [
        () => {
          throw null as unknown as Error; // as users do
        },
        /null/,
      ],
      [() => ({ at: new Date(0) }), /"?at/],
      [() => Promise.resolve({}), /asynchronous/],
      // Its rejection is not left unhandled, which would end the process.
      [() => Promise.reject(bug), /asynchronous/],
      [() => ({ text: "x".repeat(2_000_000) }), /2000/],
      [(data) => Object.assign(data as object, { n: 2 }), /read only|not extensible/],
    ];

    for (const [data, message] of made) {
      await expect(migrate(2, { data })).rejects.toEqual(refused("data"));
      await expect(migrate(2, { data })).rejects.toThrow(message);
    }
    await expect(migrate(2, { data: made[0]?.[0] as never, steps: { nothing: 0 } })).rejects.toMatchObject({
      faults: [{ reason: "mapping" }, { reason: "data" }],
      cause: bug,
    });
    expect(await services.persistence.getWorkflowInstance("w")).toEqual(before);
  });

  it("gives up when others move the instance whenever it has been looked at", async () => {
    let tries = 0;
    const of = await setting({
      persistence: {
        persistWorkflow: () => {
          tries += 1;
          return Promise.reject(new ConflictError("w", "revision"));
        },
      },
    });

    await expect(of.migrate(2)).rejects.toEqual(refused("busy"));
    expect(tries).toBe(20);
  });

  it("lets through what is no conflict", async () => {
    const of = await setting({ persistence: { persistWorkflow: () => Promise.reject(new Error("away")) } });

    await expect(of.migrate(2)).rejects.toThrow("away");
  });

  it("of an instance that is removed meanwhile finds none", async () => {
    const of = await setting();
    const { persistence } = of.services;
    await persistence.persistWorkflow(sampleChange("w", "c", { status: "complete" }), instant());
    await persistence.deleteWorkflows(["w"]);

    await expect(of.migrate(2)).rejects.toMatchObject({ code: "WFE_WORKFLOW_NOT_FOUND" });
  });

  it.each([
    [{ step: {} }, 'no option "step"'],
    [{ steps: 5 }, "steps must be an object"],
    [{ steps: null }, "steps must be an object"],
    [{ steps: { a: {} } }, 'steps has an object for "a"'],
    [{ data: {} }, "data must be a function"],
    [{ from: {} }, "a definition is what build(id, version) gives"],
    [{ dryRun: "yes" }, 'dryRun must be true or false: got "yes"'],
    [{ interruptRunning: 1 }, "interruptRunning must be"],
    [{ allowLostCompensation: null }, "allowLostCompensation must be"],
  ])("with an option that cannot be is a TypeError: %o", async (options, message) => {
    const { migrate } = await setting();

    const error: unknown = await migrate(2, options as never).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain(message);
  });
});
