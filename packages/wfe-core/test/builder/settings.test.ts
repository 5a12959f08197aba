import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import { defineStep, type StepBody, stepRef } from "../../src/traits/step-body.ts";

interface Data {
  tx: string;
  n: number;
}
class Charge implements StepBody {
  amount = 0;
  run(): ExecutionResult {
    return ExecutionResult.next();
  }
}
class Review implements StepBody {
  run() {
    return Math.random() > 2 ? ExecutionResult.outcome("good") : ExecutionResult.outcome({ bad: [1] });
  }
}
const fn = (): void => {};
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const inline = (id: number, name: string, more: object = {}) => ({ id, name, kind: "inline", functions: { run: `${id}.run` }, ...more });

describe("the settings of a step", () => {
  it("are recorded, durations in milliseconds", () => {
    const when = (data: Readonly<Data>): boolean => data.n > 0;
    const cancel = (data: Readonly<Data>): boolean => data.n < 0;
    const definition = w()
      .then(Charge)
      .name("Charge it")
      .id("charge")
      .input((step, data) => (step.amount = data.n))
      .input((step) => (step.amount += 1))
      .output((step, data) => (data.n = step.amount))
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 3, backoff: 2, maxInterval: "1m", jitter: 0.2, onExhausted: "terminate" }))
      .timeout("30s")
      .config({ currency: "EUR" })
      .when(when)
      .cancelWhen(cancel, { proceed: true })
      .build("w", 1);

    expect(definition.graph.steps).toEqual([
      {
        id: 0,
        externalId: "charge",
        name: "Charge it",
        kind: "step",
        stepType: "Charge",
        stepForm: "class",
        functions: { body: "0.body", when: "0.when", cancelWhen: "0.cancelWhen" },
        inputs: ["0.input.0", "0.input.1"],
        outputs: ["0.output.0"],
        config: { currency: "EUR" },
        errorBehavior: { kind: "retry", interval: 1000, maxRetries: 3, backoff: 2, maxInterval: 60_000, jitter: 0.2, onExhausted: "terminate" },
        timeoutMs: 30_000,
        proceedOnCancel: true,
      },
    ]);
    expect(definition.functions.get("0.when")).toBe(when);
    expect(definition.functions.get("0.cancelWhen")).toBe(cancel);
  });

  it("come in any order and make the same definition", () => {
    const one = w()
      .then(Review)
      .name("Review")
      .onOutcome("good", (b) => b.thenFn("cheer", fn))
      .compensateWithFn("undo", fn)
      .onError(ErrorBehavior.suspend())
      .timeout(5)
      .thenFn("after", fn)
      .build("w", 1);
    const other = w()
      .then(Review)
      .timeout(5)
      .compensateWithFn("undo", fn)
      .onError(ErrorBehavior.suspend())
      .onOutcome("good", (b) => b.thenFn("cheer", fn))
      .name("Review")
      .thenFn("after", fn)
      .build("w", 1);

    expect(other.graph).toEqual(one.graph);
    expect(other.fingerprint).toBe(one.fingerprint);
    expect([...other.functions.keys()].toSorted()).toEqual([...one.functions.keys()].toSorted());
  });

  it("belong to their step also when they are given after the next one", () => {
    const first = w().thenFn("a", fn);
    const second = first.thenFn("b", fn);
    first.name("renamed").onOutcome(undefined as never, (b) => b.thenFn("x", fn));

    expect(() => second.build("w", 1)).toThrow(/the value of an onOutcome of the step "renamed" is no JSON value/);
  });

  it("saveAs writes the value into a field", () => {
    const definition = w()
      .thenFn("tx", () => "t-1")
      .saveAs("tx")
      .onError(ErrorBehavior.terminate())
      .compensateWithFn("refund", fn)
      .timeout("1s")
      .build("w", 1);
    const data: Data = { tx: "", n: 0 };
    (definition.functions.get("0.output.0") as (value: unknown, data: Data) => unknown)("t-1", data);

    expect(data).toEqual({ tx: "t-1", n: 0 });
    expect(definition.graph.steps).toEqual([
      inline(0, "tx", { outputs: ["0.output.0"], errorBehavior: { kind: "terminate" }, timeoutMs: 1000, compensationStep: 1 }),
      inline(1, "refund"),
    ]);
  });

  it("onOutcome puts one step of kind outcome behind the step, with a block per value", () => {
    const definition = w()
      .then(Review)
      .onOutcome("good", (b) => b.thenFn("cheer", fn))
      .onOutcome({ bad: [1] }, (b) => b.thenFn("weep", fn).thenFn("retry", fn))
      .thenFn("after", fn)
      .build("w", 1);

    expect(definition.graph.steps).toEqual([
      { id: 0, name: "Review", kind: "step", stepType: "Review", stepForm: "class", next: 1, functions: { body: "0.body" } },
      {
        id: 1,
        name: "Review: outcome",
        kind: "outcome",
        next: 5,
        blocks: [
          { entry: 2, role: "outcome", value: "good" },
          { entry: 3, role: "outcome", value: { bad: [1] } },
        ],
      },
      inline(2, "cheer"),
      inline(3, "weep", { next: 4 }),
      inline(4, "retry"),
      inline(5, "after"),
    ]);
  });

  it("children is a block of the step itself", () => {
    const definition = w()
      .thenFn("fan out", () => ExecutionResult.branch([1, 2]))
      .children((b) => b.thenFn("child", fn))
      .thenFn("after", fn)
      .build("w", 1);

    expect(definition.graph.steps).toEqual([
      inline(0, "fan out", { next: 2, blocks: [{ entry: 1, role: "children" }] }),
      inline(1, "child"),
      inline(2, "after"),
    ]);
  });

  it("a fixed value is copied in", () => {
    const config = { list: [1] };
    const chain = w().thenFn("a", fn).config(config);
    config.list.push(2);

    expect(chain.build("w", 1).graph.steps[0]?.config).toEqual({ list: [1] });
  });
});

describe("compensators", () => {
  it("can be a class with settings of its own", () => {
    const definition = w()
      .then(Charge)
      .compensateWith(Charge, (c) =>
        c
          .name("Refund")
          .input((step, data) => (step.amount = -data.n))
          .output((step, data) => (data.n = step.amount))
          .onError(ErrorBehavior.retry({ interval: 500, maxRetries: "unlimited" }))
          .timeout("2s"),
      )
      .thenFn("after", fn)
      .build("w", 1);

    expect(definition.graph.steps).toEqual([
      { id: 0, name: "Charge", kind: "step", stepType: "Charge", stepForm: "class", next: 2, functions: { body: "0.body" }, compensationStep: 1 },
      {
        id: 1,
        name: "Refund",
        kind: "step",
        stepType: "Charge",
        stepForm: "class",
        functions: { body: "1.body" },
        inputs: ["1.input.0"],
        outputs: ["1.output.0"],
        errorBehavior: { kind: "retry", interval: 500, maxRetries: "unlimited" },
        timeoutMs: 2000,
      },
      inline(2, "after"),
    ]);
  });

  it("can be a function step with its input, a reference, and a function with settings", () => {
    const refund = defineStep("refund", (tx: string) => tx);
    const definition = w()
      .thenFn("a", fn)
      .compensateWith(refund, (data) => data.tx)
      .thenFn("b", fn)
      .compensateWith(stepRef<Charge>("far"))
      .activity("c", () => 1)
      .compensateWithFn("undo c", fn, (c) => c.onError(ErrorBehavior.terminate()).timeout(7))
      .build("w", 1);

    expect(definition.graph.steps).toEqual([
      inline(0, "a", { next: 2, compensationStep: 1 }),
      { id: 1, name: "refund", kind: "step", stepType: "refund", stepForm: "function", functions: { body: "1.body" }, inputs: ["1.input.0"] },
      inline(2, "b", { next: 4, compensationStep: 3 }),
      { id: 3, name: "far", kind: "step", stepType: "far", stepForm: "class" },
      { id: 4, name: "activity c", kind: "activity", functions: { input: "4.input" }, settings: { activity: "c" }, compensationStep: 5 },
      inline(5, "undo c", { errorBehavior: { kind: "terminate" }, timeoutMs: 7 }),
    ]);
  });

  it("can be a sequence, whose entry is named", () => {
    const definition = w()
      .thenFn("a", fn)
      .compensateWithSequence((b) => b.thenFn("undo 1", fn).thenFn("undo 2", fn))
      .thenFn("b", fn)
      .build("w", 1);

    expect(definition.graph.steps).toEqual([
      inline(0, "a", { next: 3, compensationStep: 1 }),
      inline(1, "undo 1", { next: 2 }),
      inline(2, "undo 2"),
      inline(3, "b"),
    ]);
  });
});

describe("a bad value is refused at once", () => {
  const a = () => w().thenFn("a", fn);
  const retry = (options: object) => () => a().onError({ kind: "retry", interval: 1, ...options } as ErrorBehavior);

  it.each<[string, () => unknown, RegExp]>([
    ["a negative timeout", () => a().timeout(-1), /timeout must be milliseconds/],
    ["a timeout that is no duration", () => a().timeout("soon" as never), /timeout must be milliseconds/],
    ["a negative delay", () => w().delay("-1s" as never), /duration of delay/],
    ["an endless delay", () => w().delay(Number.POSITIVE_INFINITY), /duration of delay/],
    ["a bad limit of a wait", () => w().waitFor("e", "k", { timeout: Number.NaN }), /timeout of waitFor/],
    ["a bad limit of several waits", () => w().waitForAny({ a: { event: "e", key: "k" } }, { timeout: -1 }), /timeout of waitForAny/],
    ["a bad limit of an activity", () => w().activity("a", fn, { timeout: -1 }), /timeout of activity/],
    ["an invalid date", () => w().waitFor("e", "k", { effectiveDate: new Date(Number.NaN) }), /effectiveDate of waitFor/],
    ["a bad time of a schedule", () => w().schedule(-1, (b) => b.thenFn("x", fn)), /duration of schedule/],
    [
      "a bad interval of a recurrence",
      () =>
        w().recur(
          -1,
          () => true,
          (b) => b.thenFn("x", fn),
        ),
      /interval of recur/,
    ],
    ["a bad retry interval", retry({ interval: -1 }), /interval of onError/],
    ["a bad longest interval", retry({ maxInterval: -1 }), /maxInterval of onError/],
    ["a fraction of retries", retry({ maxRetries: 1.5 }), /maxRetries of onError/],
    ["a negative number of retries", retry({ maxRetries: -1 }), /maxRetries of onError/],
    ["a shrinking back-off", retry({ backoff: 0.5 }), /backoff of onError/],
    ["too much jitter", retry({ jitter: 2 }), /jitter of onError/],
    ["an unknown last resort", retry({ onExhausted: "ignore" }), /onExhausted of onError/],
    ["a bad default", () => w().defaultErrorBehavior({ kind: "retry", interval: -1 }), /interval of defaultErrorBehavior/],
    [
      "a bad poll interval",
      () => w().pollEndpoint({ url: "https://x", interval: -1, timeout: 1, until: { status: 200 } }),
      /interval of pollEndpoint/,
    ],
    ["a bad poll timeout", () => w().pollEndpoint({ url: "https://x", interval: 1, timeout: -1, until: { status: 200 } }), /timeout of pollEndpoint/],
    ["a poll without an address", () => w().pollEndpoint({ url: "", interval: 1, timeout: 1, until: { status: 200 } }), /url of pollEndpoint/],
    [
      "a poll with a bad method",
      () => w().pollEndpoint({ url: "https://x", method: "PUSH" as never, interval: 1, timeout: 1, until: { status: 200 } }),
      /method of pollEndpoint/,
    ],
    ["a poll without an end", () => w().pollEndpoint({ url: "https://x", interval: 1, timeout: 1 } as never), /until of pollEndpoint/],
    [
      "a poll with an unknown end",
      () => w().pollEndpoint({ url: "https://x", interval: 1, timeout: 1, until: {} as never }),
      /until of pollEndpoint/,
    ],
  ])("%s", (_what, call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });

  it("what is no error behavior is a TypeError", () => {
    expect(() => a().onError({ kind: "ignore" } as never)).toThrow(TypeError);
    expect(() => a().onError(undefined as never)).toThrow(TypeError);
  });

  it("a setting before the first step is a TypeError", () => {
    expect(() => (w() as unknown as { name(name: string): void }).name("x")).toThrow(/there is no step yet/);
  });
});
