import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { PayloadTooLargeError } from "../../src/errors/value-errors.ts";
import { dataAfter } from "../../src/executor/data-after.ts";
import { applyBranchesEnded, applyResult } from "../../src/executor/result-processor.ts";
import { defineEvent } from "../../src/models/event.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import { ExecutionResult, type ResultBody } from "../../src/models/execution-result.ts";
import type { JsonValue } from "../../src/models/json.ts";
import { Payloads } from "../../src/runtime/payloads.ts";
import type { StepExecutionContext } from "../../src/traits/step-execution-context.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";
import { PassHarness } from "./pass-harness.ts";
import { runningPointer, type ScopeParts, scopeOf, stepOf } from "./scope-of.ts";

interface Data {
  log: string[];
}
type Ctx = StepExecutionContext<Data>;
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const once = ErrorBehavior.retry({ interval: 0, maxRetries: 1 });

/** A workflow of one step, which does something else at each attempt and tells what it saw. */
function scripted(...script: readonly ((ctx: Ctx) => unknown)[]) {
  const seen: { readonly attempt: number; readonly key: string; readonly kept: JsonValue | undefined; readonly event: JsonValue | undefined }[] = [];
  const definition = w()
    .thenFn("s", (ctx) => {
      seen.push({ attempt: ctx.attempt, key: ctx.idempotencyKey, kept: ctx.persistenceData, event: ctx.eventData });
      return script[ctx.attempt - 1]?.(ctx) as ExecutionResult<never>; // whatever the test gives
    })
    .children((b) => b.thenFn("child", ({ item }) => item as string).output((item, data) => void data.log.push(item)))
    .onError(once)
    .build("w", 1);
  return { seen, definition };
}

async function started(definition: AnyDefinition): Promise<PassHarness> {
  const harness = await PassHarness.start();
  await harness.create(definition, { log: [] });
  return harness;
}

const thenNext = (): ExecutionResult<never> => ExecutionResult.next();

describe("persist", () => {
  it("keeps the state and runs the step again in the same pass, after its commit", async () => {
    const { seen, definition } = scripted(
      () => ExecutionResult.persist({ page: 1 }),
      () => ExecutionResult.persist({ page: 2 }),
      thenNext,
    );
    const harness = await started(definition);

    await harness.run();

    expect(seen).toEqual([
      { attempt: 1, key: "w/1/0", kept: undefined, event: undefined },
      { attempt: 2, key: "w/1/1", kept: { page: 1 }, event: undefined },
      { attempt: 3, key: "w/1/2", kept: { page: 2 }, event: undefined },
    ]);
    expect(harness.commits.map(({ pointers }) => pointers.map(({ status, persistenceData }) => `${status} ${persistenceData}`))).toEqual([
      ["running undefined"],
      ['running {"page":1}'],
      ['running {"page":2}'],
      ['complete {"page":2}'],
    ]);
  });

  it("sets the count of crashes back", () => {
    const { definition } = scripted();
    const scope = scopeOf(definition, { pointers: [runningPointer({ crashCount: 3 })] });

    applyResult(scope, stepOf(definition), runningPointer({ crashCount: 3 }), { kind: "persist", persistenceData: 1 }, undefined);

    expect(scope.state.pointer("1")).toMatchObject({ status: "pending", crashCount: 0, resultCount: 1, persistenceData: "1" });
  });
});

describe("sleep", () => {
  it("runs the step again when its time has come, with the state it gave", async () => {
    const { seen, definition } = scripted(() => ExecutionResult.sleep("1m", "a"), thenNext);
    const harness = await started(definition);

    expect(await harness.run()).toEqual({ kind: "idle", dueAt: new Date("2026-01-01T00:01:00Z") });
    await harness.clock.advance("1m");
    await harness.run();

    expect(seen.map(({ key, kept }) => [key, kept])).toEqual([
      ["w/1/0", undefined],
      ["w/1/1", "a"],
    ]);
    expect((await harness.state()).status).toBe("complete");
  });

  it("of no time goes on in the same pass, and without a state keeps the one before", async () => {
    const { seen, definition } = scripted(
      () => ExecutionResult.persist("a"),
      () => ExecutionResult.sleep(0),
      thenNext,
    );
    const harness = await started(definition);

    expect(await harness.run()).toEqual({ kind: "idle" });
    expect(seen.map(({ kept }) => kept)).toEqual([undefined, "a", "a"]);
  });

  it("of the longest duration is over at the last instant there is", async () => {
    const { definition } = scripted(() => ExecutionResult.sleep(8.64e15));
    const harness = await started(definition);

    expect(await harness.run()).toEqual({ kind: "idle", dueAt: new Date(8.64e15) });
  });

  it.each([-1, Number.POSITIVE_INFINITY, "soon"])("of %j is a failure that is not retried", async (duration) => {
    const { seen, definition } = scripted(() => ExecutionResult.sleep(duration as number));
    const harness = await started(definition);

    await harness.run();

    expect(seen).toHaveLength(1);
    expect(await harness.store.getErrors("w")).toMatchObject([
      { code: "WFE_STEP_FAILED", message: expect.stringContaining("the duration of a sleep must be milliseconds") as string },
    ]);
  });
});

describe("waitForEvent", () => {
  it("runs the step again with the payload, which stays over a retry and is gone after the next result", async () => {
    const { seen, definition } = scripted(
      () => ExecutionResult.waitForEvent(defineEvent("paid"), "1"),
      () => Promise.reject(new Error("once")),
      () => ExecutionResult.persist("kept"),
      thenNext,
    );
    const harness = await started(definition);
    await harness.run();
    const now = new Date(harness.clock.now());

    await harness.store.createEvent({ id: "e", name: "paid", key: "1", data: '{"total":1}', time: now }, now);
    await harness.store.deliverEvents([{ name: "paid", key: "1" }], now);
    await harness.run();

    expect(seen.map(({ key, event }) => [key, event])).toEqual([
      ["w/1/0", undefined],
      ["w/1/1", { total: 1 }],
      ["w/1/1", { total: 1 }],
      ["w/1/2", undefined],
    ]);
    expect((await harness.state()).status).toBe("complete");
  });

  it("opens a subscription for the events that count, and frees the step's body", async () => {
    const { definition } = scripted(() => ExecutionResult.waitForEvent("paid", "", { effectiveDate: new Date(7) }));
    const harness = await started(definition);

    expect(await harness.run()).toEqual({ kind: "idle" });

    expect(harness.commits.flatMap(({ openSubscriptions }) => openSubscriptions)).toEqual([
      { id: "w/1/1", pointerId: "1", name: "paid", key: "", bound: { effectiveDate: new Date(7) } },
    ]);
    expect((await harness.stored()).pointers).toMatchObject([{ status: "waitingForEvent", eventName: "paid", eventKey: "" }]);
  });

  it.each([
    ["an empty name", "", "1"],
    ["a name that is no string", { name: 7 }, "1"],
    ["a key that is no string", "paid", undefined],
  ])("with %s is a failure that is not retried", async (_, name, key) => {
    const { seen, definition } = scripted(() => ExecutionResult.waitForEvent(name as string, key as string));
    const harness = await started(definition);

    await harness.run();

    expect(seen).toHaveLength(1);
    expect(await harness.store.getErrors("w")).toMatchObject([
      { message: 'the step "s" waits for an event without a name or a key: both are strings' },
    ]);
  });
});

describe("an effective date", () => {
  it.each([
    ["an invalid Date", new Date(Number.NaN)],
    ["text", "2026-01-01T00:00:00Z"],
  ])("that is %s is a failure that is not retried", async (_, effectiveDate) => {
    const { seen, definition } = scripted(() => ExecutionResult.waitForEvent("paid", "1", { effectiveDate: effectiveDate as Date }));
    const harness = await started(definition);

    await harness.run();

    expect(seen).toHaveLength(1);
    expect(await harness.store.getErrors("w")).toMatchObject([
      { message: 'the step "s" waits for an event with an effectiveDate that is no valid Date' },
    ]);
  });
});

describe("branch", () => {
  it("runs the children once per value, and with them the step has finished", async () => {
    const { seen, definition } = scripted(() => ExecutionResult.branch(["a", "b"]));
    const harness = await started(definition);

    await harness.run();

    expect(seen).toHaveLength(1);
    expect(await harness.state()).toEqual({
      status: "complete",
      data: { log: ["a", "b"] },
      pointers: ["s: complete", "child: complete", "child: complete"],
    });
    expect((await harness.stored()).pointers.slice(1)).toMatchObject([
      { scope: ["1"], item: '"a"', index: 0 },
      { scope: ["1"], item: '"b"', index: 1 },
    ]);
  });

  it("that gives a state runs the step again when the children have ended", async () => {
    const { seen, definition } = scripted(
      () => ExecutionResult.branch(["a"], "more"),
      () => ExecutionResult.branch(["b"], "last"),
      thenNext,
    );
    const harness = await started(definition);

    await harness.run();

    expect(seen.map(({ key, kept }) => [key, kept])).toEqual([
      ["w/1/0", undefined],
      ["w/1/1", "more"],
      ["w/1/2", "last"],
    ]);
    expect((await harness.state()).data).toEqual({ log: ["a", "b"] });
  });

  it("without a state has finished with its children, whatever the step persisted before", async () => {
    const { seen, definition } = scripted(
      () => ExecutionResult.persist("page 1"),
      () => ExecutionResult.branch(["a"]),
    );
    const harness = await started(definition);

    await harness.run();

    expect(seen).toHaveLength(2);
    expect(await harness.state()).toEqual({ status: "complete", data: { log: ["a"] }, pointers: ["s: complete", "child: complete"] });
  });

  it("over nothing has finished at once, or runs the step again", async () => {
    const finished = scripted(() => ExecutionResult.branch([]));
    const again = scripted(() => ExecutionResult.branch([], 1), thenNext);
    const [one, other] = [await started(finished.definition), await started(again.definition)];

    await one.run();
    await other.run();

    expect([await one.state(), await other.state()]).toMatchObject([
      { status: "complete", pointers: ["s: complete"] },
      { status: "complete", pointers: ["s: complete"] },
    ]);
    expect([finished.seen.length, again.seen.length]).toEqual([1, 2]);
  });

  it("waits for its children over a change of owner", async () => {
    const definition = w()
      .thenFn("s", () => ExecutionResult.branch(["a"]))
      .children((b) => b.delay("1m"))
      .build("w", 1);
    const harness = await started(definition);

    await harness.run();
    expect(await harness.run()).toEqual({ kind: "idle", dueAt: new Date("2026-01-01T00:01:00Z") });
    await harness.clock.advance("1m");
    await harness.run();

    expect((await harness.stored()).pointers).toMatchObject([
      { stepName: "s", status: "complete", attempt: 1, crashCount: 0 },
      { stepName: "delay", status: "complete" },
    ]);
  });

  it("without children is a failure that is not retried", async () => {
    let runs = 0;
    const definition = w()
      .thenFn("s", () => {
        runs += 1;
        return ExecutionResult.branch([1]);
      })
      .onError(once)
      .build("w", 1);
    const harness = await started(definition);

    await harness.run();

    expect(runs).toBe(1);
    expect(await harness.store.getErrors("w")).toMatchObject([
      { message: 'the step "s" branches but has no block to run: give it one with .children((b) => …)' },
    ]);
  });

  it.each([
    ["no array", "abc", 'the step "s" branches over something that is no array'],
    ["a value that cannot be stored", ["a", () => {}], "a branch value cannot be stored: [1] is a function: data is plain; keep behavior in steps"],
    ["an undefined value", ["a", undefined], "a branch value cannot be stored: [1] is undefined: use null"],
  ])("over %s fails with nothing half-opened", async (_, values, message) => {
    const { definition } = scripted(() => ExecutionResult.branch(values as never), thenNext);
    const harness = await started(definition);

    await harness.run();

    expect(await harness.store.getErrors("w")).toMatchObject([{ message }]);
    expect((await harness.stored()).pointers).toHaveLength(1);
  });

  it("of more values than pointers may be open fails with nothing half-opened", () => {
    const { definition } = scripted();
    const scope = scopeOf(definition, { limits: { maxOpenPointers: 3 } });
    const result: ResultBody = { kind: "branch", values: [1, 2, 3] };

    expect(() => applyResult(scope, stepOf(definition), runningPointer(), result, undefined)).toThrow("would have 4 open pointers, the limit is 3");
    expect(scope.state.changedPointers()).toEqual([]);
  });

  it("ends the step without another run when nothing is kept", () => {
    const { definition } = scripted();
    const scope = scopeOf(definition);

    applyBranchesEnded(scope, stepOf(definition), runningPointer());

    expect(scope.state.changedPointers()).toMatchObject([{ id: "1", status: "complete" }]);
  });
});

describe("next and outcome", () => {
  it("merge their output into the data", async () => {
    const definition = new WorkflowBuilder<{ a: number; b: number }>()
      .thenFn("one", () => ExecutionResult.next({ output: { a: 1 } }))
      .thenFn("two", () => ExecutionResult.outcome("yes", { output: { b: 2 } }))
      .build("w", 1);
    const harness = await PassHarness.start();
    await harness.create(definition, { a: 0, b: 0 });

    await harness.run();

    expect((await harness.state()).data).toEqual({ a: 1, b: 2 });
    expect((await harness.stored()).pointers.map(({ outcome }) => outcome)).toEqual([undefined, '"yes"']);
  });

  it.each([
    ["an outcome", () => ExecutionResult.outcome(new Date(0) as never), "the outcome cannot be stored"],
    ["an undefined outcome", () => ExecutionResult.outcome(undefined as never), "the outcome cannot be stored"],
    ["an output", () => ExecutionResult.next({ output: { at: new Date(0) as never } }), "the output cannot be stored: at is a Date"],
    ["a state", () => ExecutionResult.persist({ at: Number.NaN }), "the persistence data cannot be stored: at is NaN"],
  ])("are no results when %s cannot be stored", async (_, result, message) => {
    const { seen, definition } = scripted(result);
    const harness = await started(definition);

    await harness.run();

    expect(seen).toHaveLength(1);
    expect(await harness.store.getErrors("w")).toMatchObject([
      { code: "WFE_VALUE_NOT_STORABLE", message: expect.stringContaining(message) as string },
    ]);
  });

  it("are refused with the codec's own words when the codec refuses the outcome, whatever it throws", () => {
    const refusing = (thrown: unknown): ScopeParts => ({
      data: {},
      services: {
        payloads: new Payloads({
          codec: {
            encode: (value) => {
              if (value === "secret") throw thrown;
              return JSON.stringify(value);
            },
            decode: (text) => JSON.parse(text) as unknown,
          },
        }),
      },
    });
    const { definition } = scripted();
    const end = (thrown: unknown) => () =>
      applyResult(scopeOf(definition, refusing(thrown)), stepOf(definition), runningPointer(), { kind: "outcome", value: "secret" }, undefined);

    expect(end(new Error("no key"))).toThrow("the outcome cannot be stored: the value is refused by the codec: no key");
    expect(end("no key at all")).toThrow("the outcome cannot be stored: the value is refused by the codec: no key at all");
  });
});

describe("the size of the data", () => {
  it("is looked at after each result only while the culprit is searched, and only if the data has changed", () => {
    const definition = w()
      .thenFn("s", () => {})
      .build("w", 1);
    const payloads = new Payloads({ limits: { data: 20 } });
    const scope = scopeOf(definition, { data: { log: ["x".repeat(20)] }, services: { payloads } });
    const after = (patch: unknown, checksSizes: boolean) => () =>
      dataAfter(Object.assign(scope, { checksSizes }), stepOf(definition), runningPointer(), undefined, patch);

    expect(after({ n: 1 }, false)()).toEqual({ log: ["x".repeat(20)], n: 1 });
    expect(after(undefined, true)()).toBe(scope.state.data);
    expect(after({ n: 1 }, true)).toThrow(new PayloadTooLargeError("the data", 38, 20));
  });
});
