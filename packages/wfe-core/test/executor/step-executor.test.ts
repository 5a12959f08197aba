import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { CancelledError, TimeoutError } from "../../src/errors/step-errors.ts";
import { BodyRun, type BodyOutcome } from "../../src/executor/step-executor.ts";
import { StepRegistry } from "../../src/executor/step-registry.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import { defineStep, stepRef } from "../../src/traits/step-body.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";
import { Gate, PassHarness } from "./pass-harness.ts";
import { runningPointer, scopeOf, stepOf } from "./scope-of.ts";

interface Data {
  n: number;
}
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();

/** Runs the body of a definition's first step, to its end if it has one by itself. */
async function run(definition: AnyDefinition, steps: StepRegistry = new StepRegistry()) {
  const outcomes: BodyOutcome[] = [];
  const scope = scopeOf(definition, { data: { n: 1 } });
  steps.registerStepsOf(definition);
  const body = BodyRun.start(scope, steps, stepOf(definition), runningPointer(), (outcome) => void outcomes.push(outcome));
  const atStart = outcomes.length;
  await scope.clock.settle();
  return { outcomes, atStart, body, clock: scope.clock };
}

describe("what a body gives", () => {
  it("is told in a later micro-task, also when the body is synchronous", async () => {
    const { atStart, outcomes } = await run(
      w()
        .thenFn("s", () => 7)
        .build("w", 1),
    );

    expect([atStart, outcomes]).toEqual([0, [{ result: { kind: "next" }, source: 7 }]]);
  });

  it.each<[string, AnyDefinition, BodyOutcome]>([
    [
      "nothing",
      w()
        .thenFn("s", () => {})
        .build("w", 1),
      { result: { kind: "next" }, source: undefined },
    ],
    [
      "a value",
      w()
        .thenFn("s", () => Promise.resolve({ a: [1] }))
        .build("w", 1),
      { result: { kind: "next" }, source: { a: [1] } },
    ],
    [
      "a result",
      w()
        .thenFn("s", () => ExecutionResult.outcome("no"))
        .build("w", 1),
      { result: { kind: "outcome", value: "no" }, source: undefined },
    ],
  ])("is read from a function that returns %s", async (_, definition, outcome) => {
    const { outcomes } = await run(definition);

    expect(outcomes).toEqual([outcome]);
  });

  it("is read from a function step, which gets the input that was selected for it", async () => {
    const add = defineStep("add", ({ by }: { by: number }) => by + 1);
    const bare = defineStep("bare", (input) => input === undefined);

    const added = await run(
      w()
        .then(add, (data) => ({ by: data.n }))
        .build("w", 1),
    );
    const without = await run(w().then(bare).build("w", 1));

    expect([...added.outcomes, ...without.outcomes]).toEqual([
      { result: { kind: "next" }, source: 2 },
      { result: { kind: "next" }, source: true },
    ]);
  });

  it("is read from the object of a class, whose fields are its inputs and outputs", async () => {
    class Double {
      n = 0;
      readonly run = () => {
        this.n *= 2;
        return undefined as never; // from JavaScript: as good as next()
      };
    }
    class Choose {
      readonly run = () => Promise.resolve(ExecutionResult.outcome("yes"));
    }

    const doubled = await run(
      w()
        .then(Double)
        .input((step, data) => void (step.n = data.n + 4))
        .build("w", 1),
    );
    const chosen = await run(w().then(Choose).build("w", 1));

    expect(doubled.outcomes).toMatchObject([{ result: { kind: "next" }, source: { n: 10 } }]);
    expect(chosen.outcomes).toMatchObject([{ result: { kind: "outcome", value: "yes" } }]);
  });

  class Valued {
    readonly run = () => 7 as never; // from JavaScript
  }
  class Plain {
    readonly run = () => ExecutionResult.next();
  }
  it.each<[string, AnyDefinition, { readonly name: string; readonly message: string }]>([
    [
      "a class that returns a value",
      w().then(Valued).build("w", 1),
      { name: "NonRetryableError", message: 'the step "Valued" is a class and returned something else than an ExecutionResult' },
    ],
    [
      "a value that cannot be stored",
      w()
        .thenFn("s", () => new Date(0) as never)
        .build("w", 1),
      {
        name: "SerializationError",
        message: "the value of the step cannot be stored: the value is a Date: use an ISO string or epoch milliseconds, or a codec",
      },
    ],
    [
      "a body that throws",
      w()
        .thenFn("s", () => {
          throw new RangeError("no");
        })
        .build("w", 1),
      { name: "RangeError", message: "no" },
    ],
    [
      "an input mapping that throws",
      w()
        .then(Plain)
        .input(() => {
          throw new RangeError("no input");
        })
        .build("w", 1),
      { name: "RangeError", message: "no input" },
    ],
    [
      "a step that nobody has registered",
      w().then(stepRef<Plain>("pack")).build("w", 1),
      {
        name: "StepNotRegisteredError",
        message:
          'no way to make "pack": call host.registerStep(TheClass), or host.registerStepFactory(key, () => new TheClass(…)) for a class with constructor parameters',
      },
    ],
  ])("is an error for %s", async (_, definition, error) => {
    const { outcomes } = await run(definition);

    expect(outcomes).toMatchObject([{ error }]);
  });

  it.each([null, undefined, {}, { run: 1 }])("is an error when the factory makes %j", async (value) => {
    const steps = new StepRegistry();
    steps.registerFactory("pack", () => value as never);

    const { outcomes } = await run(w().then(stepRef<Plain>("pack")).build("w", 1), steps);

    expect(outcomes).toMatchObject([{ error: { message: 'what was registered for "pack" makes something without a run method' } }]);
  });
});

describe("the limit of a body", () => {
  /** A body that waits for a gate, and what its signal said. */
  function slow() {
    const gate = new Gate();
    const reasons: unknown[] = [];
    const definition = w()
      .thenFn("slow", async ({ signal }) => {
        signal.addEventListener("abort", () => void reasons.push(signal.reason));
        await gate.opened;
        return 7;
      })
      .timeout("1s")
      .build("w", 1);
    return { gate, reasons, definition };
  }

  it("fails it with a TimeoutError, which is the reason of its signal; what it does after it is not heard", async () => {
    const { gate, reasons, definition } = slow();
    const { outcomes, clock } = await run(definition);

    await clock.advance(999);
    expect([outcomes, reasons]).toEqual([[], []]);
    await clock.advance(1);
    gate.open();
    await clock.settle();

    const error = new TimeoutError('the step "slow"', 1_000);
    expect([outcomes, reasons]).toEqual([[{ error }], [error]]);
  });

  it("is over when the body has ended in time", async () => {
    const { gate, reasons, definition } = slow();
    const { outcomes, clock } = await run(definition);

    gate.open();
    await clock.advance("1h");

    expect([outcomes, reasons, clock.pendingTimers]).toEqual([[{ result: { kind: "next" }, source: 7 }], [], 0]);
  });

  it("does not count for a body that was called off: its signal says why, once, and nothing is heard of it", async () => {
    const { gate, reasons, definition } = slow();
    const { outcomes, body, clock } = await run(definition);

    body.abort("terminated");
    body.abort("shutdown");
    gate.open();
    await clock.advance("1h");

    expect([outcomes, reasons, clock.pendingTimers]).toEqual([[], [new CancelledError("terminated")], 0]);
  });

  it("makes a failed attempt, which is retried; the late result of the first run is dropped", async () => {
    const harness = await PassHarness.start();
    const gates = [new Gate(), new Gate()];
    const definition = w()
      .thenFn("slow", async (ctx) => {
        await gates[ctx.attempt - 1]?.opened;
        return ctx.attempt;
      })
      .timeout("1s")
      .onError(ErrorBehavior.retry({ interval: 0 }))
      .saveAs("n")
      .build("w", 1);
    await harness.create(definition, { n: 0 });

    const { end } = await harness.begin();
    await harness.clock.advance("1s");
    gates[0]?.open();
    await harness.clock.settle();
    gates[1]?.open();
    await end;

    expect(await harness.state()).toEqual({ status: "complete", data: { n: 2 }, pointers: ["slow: complete"] });
    expect(await harness.store.getErrors("w")).toMatchObject([
      { attempt: 1, code: "WFE_TIMEOUT", message: 'the step "slow" took longer than its limit of 1000 ms' },
    ]);
  });
});
