import { expect, it } from "vitest";
import { type Clock, ErrorBehavior, ExecutionResult, type StepExecutionContext, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
  nested: { list: { x: number }[] };
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
const start: Data = { n: 0, nested: { list: [{ x: 1 }] } };
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();

/** Whether a value and all in it is frozen. */
function isDeepFrozen(value: unknown): boolean {
  return typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(isDeepFrozen));
}

scenarios("ctx.data", (open) => {
  it("is frozen to the bottom, from the first step on, and after a mapping has written to it", async () => {
    const { host: newHost, clock } = await open();
    const frozen: boolean[] = [];
    const own = { x: 2 };
    const look = (ctx: StepExecutionContext<Data>): void => void frozen.push(isDeepFrozen(ctx.data));
    const definition = w()
      .thenFn("first", look)
      .thenFn("writes", () => own)
      .output((value, data, ctx) => {
        frozen.push(isDeepFrozen(ctx.data));
        data.nested.list.push(value);
        data.nested.list.push(own);
      })
      .thenFn("last", look)
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, start);
    await clock.settle();

    expect((await done).nested.list).toEqual([{ x: 1 }, { x: 2 }, { x: 2 }]);
    expect(frozen).toEqual([true, true, true]);
    expect(Object.isFrozen(own)).toBe(false); // what is the step's stays the step's
  });

  it("cannot be written by a body: that is a failure, and nothing is changed", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .thenFn("writes", (ctx) => void ((ctx.data as Data).nested.list[0] as { x: number }).x++)
      .onError(ErrorBehavior.suspend())
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, start);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: start });
    expect(await host.getErrors(id)).toMatchObject([{ message: expect.stringContaining("read only") as string }]);
  });

  it("is the tree at the start of a run: a body sees no change between two awaits, its next run does", async () => {
    const { host: newHost, clock } = await open();
    const seen: (readonly [number, number])[] = [];
    const trees = new Set<unknown>();
    const definition = w()
      .parallel((p) =>
        p
          .branch((b) =>
            b.thenFn("long", async (ctx) => {
              for (let look = 0; look < 3; look += 1) {
                seen.push([ctx.data.n, ctx.data.nested.list.length]);
                trees.add(ctx.data);
                await pause(clock, 1_000);
              }
              return ctx.persistenceData === undefined ? ExecutionResult.persist(1) : ExecutionResult.next();
            }),
          )
          .branch((b) =>
            b.whileDo(
              (data) => data.n < 10,
              (c) =>
                c
                  .thenFn("counts", () => pause(clock, 500))
                  .output((_, data) => {
                    data.n += 1;
                    data.nested.list.push({ x: data.n });
                  }),
            ),
          ),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, start);
    await clock.advance("10s");

    expect((await done).n).toBe(10);
    expect(seen.slice(0, 3)).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
    expect(seen[3]?.[0]).toBeGreaterThanOrEqual(5);
    expect(seen.slice(4)).toEqual([seen[3], seen[3]]);
    expect(trees.size).toBe(2);
  });
});

scenarios("a step's context", (open) => {
  it("says where the run stands: instance, definition, pointer, step", async () => {
    const { host: newHost, clock } = await open();
    const config = { url: "https://example.com", retries: [1, 2] };
    const seen: Record<string, unknown>[] = [];
    const definition = w()
      .forEach(
        () => [{ id: "a", tags: ["t"] }],
        (b) =>
          b
            .thenFn("looks", (ctx) => {
              const { workflow, definition: of, pointer, step, item, index, attempt, compensates, eventData, persistenceData } = ctx;
              seen.push({ workflow, of, pointer, step, config: step.config, item, index, attempt, compensates, eventData, persistenceData });
            })
            .name("named")
            .config(config),
      )
      .build("w", 3);
    config.retries.push(3); // it was copied
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    await host.startWorkflow(definition, start, { id: "x", name: "the one", reference: "r" });
    await clock.settle();

    const [context] = seen;
    const at = new Date(clock.now());
    expect(context).toMatchObject({
      workflow: { id: "x", name: "the one", reference: "r", definitionId: "w", version: 3, status: "runnable", data: start, createdAt: at },
      of: { id: "w", version: 3 },
      pointer: {
        id: "2",
        stepName: "named",
        status: "running",
        scope: ["1"],
        predecessorId: "1",
        attempt: 1,
        retryCount: 0,
        startedAt: at,
        index: 0,
      },
      step: { name: "named", config: { url: "https://example.com", retries: [1, 2] } },
      item: { id: "a", tags: ["t"] },
      index: 0,
      attempt: 1,
    });
    expect([context?.["compensates"], context?.["eventData"], context?.["persistenceData"]]).toEqual([undefined, undefined, undefined]);
    expect([context?.["item"], context?.["config"]].map(isDeepFrozen)).toEqual([true, true]);
    expect(Object.isFrozen(context?.["workflow"])).toBe(true);
  });

  it("has no item outside of a forEach, and no config where none was given", async () => {
    const { host: newHost, clock } = await open();
    const seen: unknown[] = [];
    const definition = w()
      .thenFn("looks", (ctx) => void seen.push(ctx.item, ctx.index, ctx.step.config))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    await host.startWorkflow(definition, start);
    await clock.settle();

    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  it("has frozen state and event payload, as they were given", async () => {
    const { host: newHost, clock } = await open();
    const seen: unknown[] = [];
    const definition = w()
      .thenFn("waits", (ctx) => {
        if (ctx.attempt === 1) return ExecutionResult.persist({ stage: [1] });
        if (ctx.attempt === 2) return ExecutionResult.waitForEvent("go", "k");
        seen.push(ctx.persistenceData, ctx.eventData);
        return ExecutionResult.next();
      })
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    await host.publishEvent("go", "k", "from before the instance");
    await host.startWorkflow(definition, start);
    await host.publishEvent("go", "k", { paid: [2] });
    await clock.settle();

    expect(seen).toEqual([{ stage: [1] }, { paid: [2] }]);
    expect(seen.map(isDeepFrozen)).toEqual([true, true]);
  });

  it("refuses artifacts on a host that has no store for them", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .thenFn("stores", (ctx) => void ctx.artifacts)
      .onError(ErrorBehavior.suspend())
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, start);
    await clock.settle();

    expect((await host.getWorkflow(id)).error?.code).toBe("WFE_ARTIFACT_STORE_MISSING");
  });

  it("has one idempotency key for each run of each pointer of each instance", async () => {
    const { host: newHost, clock } = await open();
    const keys: string[] = [];
    const definition = w()
      .whileDo(
        (data) => data.n < 2,
        (b) =>
          b
            .forEach(
              () => ["same", "same"],
              (c) => c.thenFn("notes", (ctx) => void keys.push(ctx.idempotencyKey)),
            )
            .thenFn("counts", (ctx) => {
              keys.push(ctx.idempotencyKey);
              return ctx.data.n + 1;
            })
            .saveAs("n"),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = Promise.all([host.runWorkflow(definition, start), host.runWorkflow(definition, start)]);
    await clock.settle();
    await done;

    expect(keys).toHaveLength(12);
    expect(new Set(keys).size).toBe(12);
  });
});
