import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { WfeError } from "../../src/errors/wfe-error.ts";
import { StepContext } from "../../src/executor/step-context.ts";
import { Payloads } from "../../src/runtime/payloads.ts";
import type { LogEntry } from "../../src/traits/log-sink.ts";
import type { StepExecutionContext } from "../../src/traits/step-execution-context.ts";
import { PassHarness } from "./pass-harness.ts";
import { runningPointer, type ScopeParts, scopeOf, stepOf } from "./scope-of.ts";

const definition = new WorkflowBuilder<{ n: number }>()
  .thenFn("s", () => {})
  .config({ limit: 5 })
  .build("orders", 3);

/** The context of a step, its pointer being what is given. */
function contextOf(pointer = runningPointer(), parts: ScopeParts = {}, signal?: AbortSignal): StepContext {
  const scope = scopeOf(definition, { data: { n: 1 }, ...parts });
  return new StepContext(scope.services, scope.state, stepOf(definition), pointer, signal && { signal });
}

describe("a context", () => {
  it("tells which step of which instance runs for the how many-th time", () => {
    const ctx = contextOf(runningPointer({ attempt: 2, index: 4, resultCount: 1 }));

    expect({
      attempt: ctx.attempt,
      index: ctx.index,
      idempotencyKey: ctx.idempotencyKey,
      step: ctx.step,
      definition: ctx.definition,
      compensates: ctx.compensates,
      aborted: ctx.signal.aborted,
    }).toEqual({
      attempt: 2,
      index: 4,
      idempotencyKey: "w/1/1",
      step: { id: 0, name: "s", config: { limit: 5 } },
      definition: { id: "orders", version: 3 },
      compensates: undefined,
      aborted: false,
    });
  });

  it("decodes what the pointer carries, when it is asked", () => {
    const text = { item: '{"a":1}', persistenceData: "[2]", eventData: '"paid"' };
    const ctx = contextOf(runningPointer(text));
    const unreadable = contextOf(runningPointer({ ...text, item: "{" }));

    expect([ctx.item, ctx.persistenceData, ctx.eventData]).toEqual([{ a: 1 }, [2], "paid"]);
    expect(unreadable.eventData).toBe("paid");
    expect(() => unreadable.item).toThrow(
      new WfeError("WFE_PAYLOAD_UNREADABLE", "the item cannot be decoded: was it written with another codec or key?"),
    );
  });

  it("has nothing where the pointer carries nothing", () => {
    const ctx = contextOf();

    expect([ctx.item, ctx.index, ctx.persistenceData, ctx.eventData]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("shows its pointer and its instance as people see them", () => {
    const ctx = contextOf(runningPointer({ item: "1", stepName: "s" }), {
      error: { code: "WFE_STEP_FAILED", message: "no" },
      row: { reference: "r" },
    });

    expect(ctx.pointer).toEqual({ id: "1", stepId: 0, stepName: "s", status: "running", scope: [], attempt: 1, retryCount: 0, item: 1 });
    expect(ctx.workflow).toMatchObject({
      id: "w",
      status: "runnable",
      reference: "r",
      data: { n: 1 },
      error: { code: "WFE_STEP_FAILED", message: "no" },
    });
  });

  it("hands on the signal of the run, and the verbs of the host", () => {
    const { signal } = new AbortController();
    const client = { startWorkflow: () => Promise.resolve("id"), publishEvent: () => Promise.resolve("id") } as never;

    const ctx = contextOf(runningPointer(), { services: { client } }, signal);

    expect([ctx.signal, ctx.host]).toEqual([signal, client]);
    expect(ctx.host).toBe(client);
  });

  it("says that the host has no artifact store", () => {
    expect(() => contextOf().artifacts).toThrow(
      new WfeError("WFE_ARTIFACT_STORE_MISSING", "this host has no artifact store: give it one with useArtifactStore of the builder"),
    );
  });

  it("keeps the data of the moment it was made, frozen, while the instance goes on", () => {
    const scope = scopeOf(definition, { data: { n: 1 } });
    const ctx = new StepContext(scope.services, scope.state, stepOf(definition), runningPointer());

    scope.state.data = new Payloads().stored({ n: 2 }, "the data");

    expect([ctx.data, ctx.workflow.data]).toEqual([{ n: 1 }, { n: 1 }]);
    expect(Object.isFrozen(ctx.data)).toBe(true);
  });
});

describe("the log of a step", () => {
  it("writes entries that say when, where and what", () => {
    const entries: LogEntry[] = [];
    const { log } = contextOf(runningPointer({ id: "7" }), { services: { log: { write: (entry) => void entries.push(entry) } } });

    log.debug("a");
    log.info("b", { n: 1 });
    log.warn("c");
    log.error("d");
    log.stream("stdout", "chunk");

    const where = { at: new Date("2026-01-01T00:00:00Z"), workflowId: "w", definitionId: "orders", step: "s", pointerId: "7" };
    expect(entries).toEqual([
      { ...where, level: "debug", message: "a" },
      { ...where, level: "info", message: "b", fields: { n: 1 } },
      { ...where, level: "warn", message: "c" },
      { ...where, level: "error", message: "d" },
      { ...where, level: "info", message: "", stream: "stdout", chunk: "chunk" },
    ]);
  });

  it("does not let a sink that throws reach the step", () => {
    const write = (): void => {
      throw new Error("the disk is full");
    };
    const { log } = contextOf(runningPointer(), { services: { log: { write } } });

    expect(() => log.info("a")).not.toThrow();
  });

  it("does not let a sink that is asynchronous, and fails, become an unhandled rejection", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", note);
    const write = (() => Promise.reject(new Error("the disk is full"))) as () => void; // declared to give nothing
    const { log } = contextOf(runningPointer(), { services: { log: { write } } });

    log.info("a");
    log.stream("stderr", "b");
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);

    expect(unhandled).toEqual([]);
  });
});

describe("a body", () => {
  it("cannot change the data through its context", async () => {
    const harness = await PassHarness.start();
    const seen: unknown[] = [];
    const tries = new WorkflowBuilder<{ list: number[] }>()
      .thenFn("s", (ctx: StepExecutionContext<{ list: number[] }>) => {
        try {
          ctx.data.list.push(1);
        } catch (error) {
          seen.push((error as Error).name);
        }
      })
      .build("w", 1);
    await harness.create(tries, { list: [] });

    await harness.run();

    expect(seen).toEqual(["TypeError"]);
    expect((await harness.state()).data).toEqual({ list: [] });
  });
});
