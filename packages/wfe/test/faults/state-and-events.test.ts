import { expect, it } from "vitest";
import { defineEvent, ErrorBehavior, ExecutionResult, type JsonValue, type LifecycleEvent, toDot, WorkflowBuilder } from "../../src/index.ts";
import { onEachStore } from "./setting.ts";

interface Trace {
  trace: JsonValue[];
}

const add = (value: JsonValue | undefined, data: Trace): void => void data.trace.push(value ?? null);
const paid = defineEvent<number>("paid");

/** Faults 36 to 49 of the engine's ancestor, which mixed up what belongs to whom. */
onEachStore("state stays where it belongs", (open) => {
  it("lets nothing but what is selected into a sub-workflow and out of it (faults 36, 49)", async () => {
    const { clock, start } = await open();
    const seen: JsonValue[] = [];
    const child = new WorkflowBuilder<{ order: string; secret: string }>()
      .thenFn("look", (ctx) => void seen.push({ ...ctx.data }))
      .thenFn("fill", () => "of the child")
      .saveAs("secret")
      .build("child", 1);
    const parent = new WorkflowBuilder<Trace & { inputs: string; secret: string }>()
      .subWorkflow(child, (data) => ({ order: data.inputs, secret: "" }))
      .output((result, data) => add(result.order, data))
      .build("parent", 1);
    const host = await start((h) => [child, parent].forEach((definition) => h.registerWorkflowDefinition(definition)));

    const id = await host.startWorkflow(parent, { trace: [], inputs: "artifact", secret: "of the parent" });
    await clock.settle();

    expect(seen).toEqual([{ order: "artifact", secret: "" }]);
    expect((await host.getWorkflow(id)).data).toEqual({ trace: ["artifact"], inputs: "artifact", secret: "of the parent" });
    expect(await host.getErrors(id)).toEqual([]);
  });

  it("joins no container, and completes no workflow, over a failed step (fault 37)", async () => {
    const { clock, start } = await open();
    const definition = new WorkflowBuilder<Trace>()
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .thenFn("fails", () => {
                throw new Error("no");
              })
              .onError(ErrorBehavior.suspend()),
          )
          .branch((b) => b.thenFn("runs", () => "ran").output(add)),
      )
      .thenFn("behind", () => "behind")
      .output(add)
      .build("w", 1);
    const host = await start((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { trace: [] });
    await clock.advance("1h");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { trace: ["ran"] } });
    expect((await host.getHistory(id)).map(({ stepName, status }) => `${stepName} ${status}`)).toEqual([
      "parallel running",
      "fails failed",
      "runs complete",
    ]);
  });

  it("takes a missing field for null where it stands, and lets it spoil no other condition (fault 39)", async () => {
    const { clock, start } = await open();
    const missing = { path: "not.there", operator: "equals", value: 1 } as const;
    const holds = { path: "trace", operator: "isNotNull" } as const;
    const definition = new WorkflowBuilder<Trace>()
      .thenFn("any", () => "any")
      .output(add)
      .when({ any: [missing, holds] })
      .thenFn("not", () => "not")
      .output(add)
      .when({ not: missing })
      .thenFn("none", () => "none")
      .output(add)
      .when({ none: [missing] })
      .thenFn("oneOf", () => "oneOf")
      .output(add)
      .when({ oneOf: [missing, holds] })
      .thenFn("isNull", () => "isNull")
      .output(add)
      .when({ path: "not.there", operator: "isNull" })
      .thenFn("all", () => "all")
      .output(add)
      .when({ all: [missing, holds] })
      .build("w", 1);
    const host = await start((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { trace: [] });
    await clock.settle();

    expect((await host.getWorkflow(id)).data.trace).toEqual(["any", "not", "none", "oneOf", "isNull"]);
  });

  it("goes on behind a skipped step past the blocks of its outcomes, and says that it was skipped (faults 40, 46)", async () => {
    const { clock, start } = await open();
    const definition = new WorkflowBuilder<Trace>()
      .thenFn("asks", () => ExecutionResult.outcome("yes"))
      .when(() => false)
      .onOutcome("yes", (b) => b.thenFn("yes", () => "yes").output(add))
      .thenFn("behind", () => "behind")
      .output(add)
      .build("w", 1);
    const host = await start((h) => h.registerWorkflowDefinition(definition));
    const events: LifecycleEvent[] = [];
    const reader = host.events();
    void (async () => {
      for await (const event of reader) events.push(event);
    })();

    const id = await host.startWorkflow(definition, { trace: [] });
    await clock.settle();

    expect((await host.getWorkflow(id)).data.trace).toEqual(["behind"]);
    expect(events.map((event) => ("step" in event ? `${event.type} ${event.step ?? ""}` : event.type))).toEqual([
      "started",
      "stepSkipped asks",
      "stepStarted behind",
      "stepCompleted behind",
      "completed",
    ]);
  });

  it("shows a step that waits twice each event once, and none to a later attempt of another wait (fault 41)", async () => {
    const { clock, start } = await open();
    const definition = new WorkflowBuilder<Trace>()
      .thenFn("waits twice", (ctx) => {
        const seen = (ctx.persistenceData ?? []) as JsonValue[];
        if (ctx.eventData === undefined) return ExecutionResult.waitForEvent(paid, "k");
        if (seen.length === 0) return ExecutionResult.persist([ctx.eventData]);
        return [...seen, ctx.eventData];
      })
      .output(add)
      .build("w", 1);
    const host = await start((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { trace: [] });
    await clock.settle();

    await host.publishEvent(paid, "k", 1);
    await clock.settle();
    expect((await host.getWorkflow(id)).status).toBe("runnable");
    await host.publishEvent(paid, "k", 2);
    await clock.settle();

    expect((await host.getWorkflow(id)).data.trace).toEqual([[1, 2]]);
  });

  it("keeps what a step has stored over waits, branches and sleeps that name nothing else (fault 42)", async () => {
    const { clock, start } = await open();
    const definition = new WorkflowBuilder<Trace>()
      .thenFn("goes on", (ctx) => {
        if (ctx.persistenceData === undefined) return ExecutionResult.persist("kept");
        if (ctx.pointer.attempt === 2) return ExecutionResult.sleep("1s");
        if (ctx.pointer.attempt === 3) return ExecutionResult.waitForEvent(paid, "k");
        return ctx.persistenceData;
      })
      .output(add)
      .build("w", 1);
    const host = await start((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { trace: [] });
    await clock.advance("1s");

    await host.publishEvent(paid, "k", 1);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { trace: ["kept"] } });
  });

  it("has all retries again after a result, grows their interval, and skips them for what is final (fault 43)", async () => {
    const { clock, start } = await open();
    const at: number[] = [];
    const began = clock.now();
    const definition = new WorkflowBuilder<Trace>()
      .thenFn("fails", (ctx) => {
        at.push((clock.now() - began) / 1_000);
        if (ctx.pointer.retryCount < 2) throw new Error("again");
        return ctx.persistenceData === undefined ? ExecutionResult.persist(1) : "done";
      })
      .onError(ErrorBehavior.retry({ interval: "1s", backoff: 3, maxRetries: 2 }))
      .build("w", 1);
    const host = await start((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { trace: [] });
    await clock.advance("1m");

    expect((await host.getWorkflow(id)).status).toBe("complete");
    expect(at).toEqual([0, 1, 4, 4, 5, 8]);
  });

  it("merges the outputs of parallel branches into the data as they come, and refuses data that it cannot merge into (fault 44)", async () => {
    const { clock, start } = await open();
    const definition = new WorkflowBuilder<{ a: { x: number; y: number }; list: number[] }>()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("x", () => 1).output((x, data) => void (data.a.x = x)))
          .branch((b) => b.thenFn("y", () => 2).output((y, data) => void (data.a.y = y))),
      )
      .build("w", 1);
    const list = new WorkflowBuilder<number[]>().thenFn("merge", () => ExecutionResult.next({ output: { length: 1 } as never })).build("list", 1);
    const host = await start((h) => [definition, list].forEach((each) => h.registerWorkflowDefinition(each as typeof definition)));

    const id = await host.startWorkflow(definition, { a: { x: 0, y: 0 }, list: [] });
    const refused = await host.startWorkflow(list, [7]);
    await clock.advance("1h");

    expect((await host.getWorkflow(id)).data.a).toEqual({ x: 1, y: 2 });
    expect(await host.getWorkflow(refused)).toMatchObject({ status: "suspended", data: [7] });
    expect((await host.getErrors(refused))[0]?.message).toContain("the data is no object");
  });

  it("makes what a step needs when it runs, not around every pass, and leaves it to its maker (fault 45)", async () => {
    const { clock, start } = await open();
    const connection = { opened: 1, closed: 0, used: 0 };
    class Uses {
      readonly #on: typeof connection;
      constructor(on: typeof connection) {
        this.#on = on;
      }
      run = (): void => void (this.#on.used += 1);
    }
    const definition = new WorkflowBuilder<Trace>().then(Uses).delay("1s").then(Uses).build("w", 1);
    const host = await start((h) => {
      h.registerStepFactory(Uses, () => new Uses(connection));
      h.registerWorkflowDefinition(definition);
    });

    await host.startWorkflow(definition, { trace: [] });
    await clock.advance("1s");

    expect(connection).toEqual({ opened: 1, closed: 0, used: 2 });
  });

  it("refuses to wait for an event without a key, and can be resumed (fault 47)", async () => {
    const { clock, start } = await open();
    let key: unknown;
    const definition = new WorkflowBuilder<Trace>()
      .thenFn("waits", (ctx) => (ctx.eventData === undefined ? ExecutionResult.waitForEvent(paid, key as string) : undefined))
      .build("w", 1);
    const host = await start((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { trace: [] });
    await clock.advance("1h");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended" });

    key = "k";
    await host.resumeWorkflow(id);
    await clock.settle();
    await host.publishEvent(paid, "k", 1);
    await clock.settle();

    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("draws names of any script and length, with their markup as text (fault 48)", async () => {
    const { start } = await open();
    const definition = new WorkflowBuilder<Trace>()
      .thenFn(`${"\u{1F355}".repeat(200)} <b>"pizza"</b>`, () => {})
      .onError(ErrorBehavior.retry({ interval: "1s" }))
      .build("w", 1);
    const host = await start((h) => h.registerWorkflowDefinition(definition));
    await host.startWorkflow(definition, { trace: [] });

    const drawn = toDot(definition);

    expect(drawn).toContain("\u{1F355}");
    expect(drawn).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
    expect(drawn).not.toContain("<b>");
  });
});
