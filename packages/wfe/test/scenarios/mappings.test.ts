import { expect, it } from "vitest";
import { defineStep, ErrorBehavior, ExecutionResult, type StepBody, type StepBuilder, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
  list: number[];
}

class Noop implements StepBody<Data> {
  n = 0;
  run = (): ExecutionResult => ExecutionResult.next();
}
const noop = defineStep("noop", (_input: number) => {});
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();

/** Called for the value of a mapping, a condition or a selector: fails, or gives it, or something else. */
type Given = <T>(value: T) => T;

/** Each place of a function that is not a body, with the name of the step it belongs to. */
const places: readonly (readonly [string, string, (given: Given) => StepBuilder<Data, undefined, Data>])[] = [
  [
    "the input of a class",
    "Noop",
    (given) =>
      w()
        .then(Noop)
        .input((step, data) => given((step.n = data.n))),
  ],
  [
    "the output of a class",
    "Noop",
    (given) =>
      w()
        .then(Noop)
        .output((step, data) => given((data.n = step.n))),
  ],
  ["the input of a function step", "noop", (given) => w().then(noop, (data) => given(data.n))],
  [
    "the output of a function",
    "one",
    (given) =>
      w()
        .thenFn("one", () => 1)
        .output((value, data) => given((data.n = value))),
  ],
  [
    "a when",
    "one",
    (given) =>
      w()
        .thenFn("one", () => 1)
        .when(() => given(true)),
  ],
  [
    "the condition of an ifDo",
    "ifDo",
    (given) =>
      w().ifDo(
        () => given(true),
        (b) => b.thenFn("inside", () => {}),
      ),
  ],
  [
    "the condition of a whileDo",
    "whileDo",
    (given) =>
      w().whileDo(
        (data) => given(data.n < 2),
        (b) => b.thenFn("inside", (ctx) => ctx.data.n + 1).saveAs("n"),
      ),
  ],
  [
    "the items of a forEach",
    "forEach",
    (given) =>
      w().forEach(
        () => given([1, 2]),
        (b) => b.thenFn("inside", () => {}),
      ),
  ],
  [
    "the value of a decide",
    "decide",
    (given) =>
      w().decide(
        (data) => given(data.n),
        (d) => d.otherwise((b) => b.thenFn("inside", () => {})),
      ),
  ],
  ["the duration of a delay", "delay", (given) => w().delay(() => given(5))],
  ["the key of a wait", "waitFor go", (given) => w().waitFor("go", () => given("k"))],
  ["the timeout of a wait", "waitFor go", (given) => w().waitFor("go", "k", { timeout: () => given("1h" as const) })],
  ["the effective date of a wait", "waitFor go", (given) => w().waitFor("go", "k", { effectiveDate: () => given(new Date(0)) })],
  [
    "the output of a wait",
    "waitFor go",
    (given) =>
      w()
        .waitFor<number>("go", "k")
        .output((payload, data) => given((data.n = payload))),
  ],
];

scenarios("functions other than bodies", (open) => {
  it.each(places)("that throw fail an attempt of their step, which is retried: %s", async (_, step, build) => {
    const { host: newHost, clock } = await open();
    let calls = 0;
    const definition = build((value) => {
      calls += 1;
      if (calls <= 2) throw new Error(`broken #${calls}`);
      return value;
    })
      .onError(ErrorBehavior.retry({ interval: "1s" }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const began = clock.now();

    const id = await host.startWorkflow(definition, { n: 0, list: [] });
    await host.publishEvent("go", "k", 7);
    await clock.advance("10s");

    const errors = await host.getErrors(id);
    expect(errors.map(({ stack: _, ...error }) => error)).toEqual(
      [1, 2].map((failure) => ({
        workflowId: id,
        pointerId: "1",
        step,
        attempt: failure,
        at: new Date(began + (failure - 1) * 1_000),
        code: "WFE_STEP_FAILED",
        message: `broken #${failure}`,
      })),
    );
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it.each(places)("that give a promise fail an attempt too, and no rejection is left unhandled: %s", async (_, step, build) => {
    const { host: newHost, clock } = await open();
    const thenable = { then: (resolve: (value: number) => void) => resolve(1) }; // oxlint-disable-line unicorn/no-thenable -- what is to be refused
    const promises = [() => Promise.resolve(1), () => Promise.reject(new Error("rejected")), () => thenable];
    const definition = build(() => promises.shift()?.() as never)
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 2 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0, list: [] });
    await host.publishEvent("go", "k", 7);
    await clock.advance("10s");

    const asynchronous = { step, code: "WFE_STEP_FAILED", message: expect.stringContaining("is asynchronous") as string };
    expect(await host.getErrors(id)).toMatchObject([asynchronous, asynchronous, asynchronous]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { n: 0, list: [] } });
  });

  it("that throw before the body keep it from running", async () => {
    const { host: newHost, clock } = await open();
    let ran = 0;
    class Counts implements StepBody<Data> {
      run = (): ExecutionResult => {
        ran += 1;
        return ExecutionResult.next();
      };
    }
    const counts = defineStep("counts", (_input: number) => void (ran += 1));
    const fail = (): never => {
      throw new Error("broken");
    };
    const definitions = [w().then(Counts).input(fail), w().then(counts, fail), w().then(Counts).when(fail)].map((chain, index) =>
      chain.onError(ErrorBehavior.retry({ interval: 0 })).build(`w${index}`, 1),
    );
    const host = await newHost((h) => definitions.forEach((definition) => h.registerWorkflowDefinition(definition)));

    const ids = await Promise.all(definitions.map((definition) => host.startWorkflow(definition, { n: 0, list: [] })));
    await clock.settle();

    expect(ran).toBe(0);
    expect(await Promise.all(ids.map(async (id) => (await host.getErrors(id)).length))).toEqual([4, 4, 4]);
  });
});

scenarios("an output mapping that fails", (open) => {
  it("leaves the data as they were, and has the body run again with the same idempotency key", async () => {
    const { host: newHost, record, clock } = await open();
    const runs: unknown[] = [];
    const definition = new WorkflowBuilder<Data>()
      .thenFn("charge", (ctx) => {
        runs.push([ctx.attempt, ctx.idempotencyKey, ctx.data]);
        return ctx.attempt;
      })
      .output((attempt, data) => {
        data.n = attempt;
        data.list.push(attempt);
      })
      .output((attempt, data) => {
        data.list.push(-attempt);
        if (attempt < 3) throw new Error(`broken at ${data.list.length}`);
      })
      .onError(ErrorBehavior.retry({ interval: "1s" }))
      .thenFn("after", (ctx) => void runs.push(ctx.data))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const events = record(host);

    await host.startWorkflow(definition, { n: 0, list: [7] }, { id: "x" });
    await clock.advance(500);
    expect(await host.getWorkflow("x")).toMatchObject({ status: "runnable", data: { n: 0, list: [7] } });
    await clock.advance("10s");

    expect(runs).toEqual([
      [1, "x/1/0", { n: 0, list: [7] }],
      [2, "x/1/0", { n: 0, list: [7] }],
      [3, "x/1/0", { n: 0, list: [7] }],
      { n: 3, list: [7, 3, -3] },
    ]);
    expect((await host.getErrors("x")).map(({ attempt, message }) => [attempt, message])).toEqual([
      [1, "broken at 3"],
      [2, "broken at 3"],
    ]);
    expect(events.filter(({ type }) => type === "stepCompleted")).toHaveLength(2);
  });

  it("drops the output and the outcome of the result with it", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Data>()
      .thenFn("route", (ctx) => ExecutionResult.outcome(ctx.attempt === 1 ? "first" : "second", { output: { n: ctx.attempt } }))
      .output((_, data, ctx) => {
        data.list.push(ctx.attempt);
        if (ctx.attempt === 1) throw new Error("broken");
      })
      .onError(ErrorBehavior.retry({ interval: "1s" }))
      .onOutcome("first", (b) => b.thenFn("in first", () => 100).output((value, data) => void data.list.push(value)))
      .onOutcome("second", (b) => b.thenFn("in second", () => 200).output((value, data) => void data.list.push(value)))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0, list: [] });
    await clock.advance(500);
    expect((await host.getWorkflow(id)).data).toEqual({ n: 0, list: [] });
    await clock.advance("1s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 2, list: [2, 200] } });
  });

  it("of a wait keeps the event: the mapping runs again with it, and no other is waited for", async () => {
    const { host: newHost, clock } = await open();
    const payloads: number[] = [];
    const definition = new WorkflowBuilder<Data>()
      .waitFor<number>("go", "k")
      .output((payload, data) => {
        payloads.push(payload);
        data.n = payload;
        if (payloads.length < 3) throw new Error("broken");
      })
      .onError(ErrorBehavior.retry({ interval: "1s" }))
      .waitFor<number>("go", "k")
      .output((payload, data) => void data.list.push(payload))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, { n: 0, list: [] });
    await clock.settle();

    await host.publishEvent("go", "k", 1);
    await clock.settle();
    await host.publishEvent("go", "k", 2);
    await clock.advance("10s");

    expect(payloads).toEqual([1, 1, 1]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 1, list: [2] } });
  });

  it("does not take results of siblings with it that were written in between", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Data>()
      .forEach(
        () => [0, 1, 2, 3],
        (b) =>
          b
            .thenFn("adds", (ctx) => ctx.item)
            .output((item, data, ctx) => {
              data.n += 1;
              data.list.push(item);
              if (item === 2 && ctx.attempt === 1) throw new Error("broken");
            }),
      )
      .onError(ErrorBehavior.retry({ interval: "1s" }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0, list: [] });
    await clock.settle();
    expect((await host.getWorkflow(id)).data).toEqual({ n: 3, list: [0, 1, 3] });
    await clock.advance("1s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 4, list: [0, 1, 3, 2] } });
  });
});
