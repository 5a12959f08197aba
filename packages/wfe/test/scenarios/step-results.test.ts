import { expect, it } from "vitest";
import { ErrorBehavior, ExecutionResult, type JsonValue, type StepExecutionContext, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Data {
  n: number;
  seen: string[];
}

const add = (text: string, data: Data): void => void data.seen.push(text);
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const start: Data = { n: 0, seen: [] };

/** What a run has seen of those before it. */
const runOf = ({ attempt, idempotencyKey, persistenceData, eventData }: StepExecutionContext): readonly unknown[] => [
  attempt,
  idempotencyKey,
  persistenceData,
  eventData,
];

scenarios(
  "persist",
  (open) => {
    it("stores the state and runs the step again in the same pass, after that commit", async () => {
      const { host: newHost, client: newClient, record, clock } = await open();
      const client = await newClient();
      const runs: unknown[] = [];
      const stored: unknown[] = [];
      const definition = w()
        .thenFn("stages", async (ctx) => {
          runs.push(runOf(ctx));
          const [pointer] = await client.getHistory("x");
          stored.push([pointer?.status, pointer?.attempt, pointer?.persistenceData]);
          const stage = Number(ctx.persistenceData ?? 0);
          return stage < 2 ? ExecutionResult.persist(stage + 1) : ExecutionResult.next();
        })
        .output((_, data, ctx) => add(`output at attempt ${ctx.attempt}`, data))
        .build("w", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const events = record(host);
      const before = clock.now();

      await host.startWorkflow(definition, start, { id: "x" });
      await clock.settle();

      expect(runs).toEqual([
        [1, "x/1/0", undefined, undefined],
        [2, "x/1/1", 1, undefined],
        [3, "x/1/2", 2, undefined],
      ]);
      expect(stored).toEqual([
        ["running", 1, undefined],
        ["running", 2, 1],
        ["running", 3, 2],
      ]);
      expect(clock.now()).toBe(before);
      expect(await host.getWorkflow("x")).toMatchObject({ status: "complete", data: { seen: ["output at attempt 3"] } });
      expect(events.map(({ type }) => type)).toEqual(["started", "stepStarted", "stepStarted", "stepStarted", "stepCompleted", "completed"]);
    });

    it("keeps the state over failures, and over the loss of the host, with the same idempotency key", async () => {
      const { host: newHost, clock } = await open();
      const runs: unknown[] = [];
      let hangs = true;
      const definition = w()
        .thenFn("stages", async (ctx) => {
          runs.push(runOf(ctx));
          if (ctx.persistenceData === undefined) return ExecutionResult.persist({ stage: 1 });
          if (ctx.attempt === 2) throw new Error("once");
          if (hangs) await new Promise(() => {});
          return ExecutionResult.next();
        })
        .onError(ErrorBehavior.retry({ interval: "1s" }))
        .build("w", 1);
      const first = await newHost((h) => h.registerWorkflowDefinition(definition));
      await first.startWorkflow(definition, start, { id: "x" });
      await clock.advance("2s");
      await first.stop({ timeout: 0 });
      hangs = false;

      const second = await newHost((h) => h.registerWorkflowDefinition(definition));
      await clock.advance("1s");

      expect(runs).toEqual([
        [1, "x/1/0", undefined, undefined],
        [2, "x/1/1", { stage: 1 }, undefined],
        [3, "x/1/1", { stage: 1 }, undefined],
        [4, "x/1/1", { stage: 1 }, undefined],
      ]);
      expect((await second.getWorkflow("x")).status).toBe("complete");
    });
  },
  { sweeping: true },
);

scenarios("sleep", (open) => {
  it("runs the step again at its time, to the millisecond, and at once when it is 0; state that is not given stays", async () => {
    const { host: newHost, clock } = await open();
    const began = clock.now();
    const runs: unknown[] = [];
    const sleeps = [
      ExecutionResult.sleep("1500ms", { a: 1 }),
      ExecutionResult.sleep(0),
      ExecutionResult.sleep("1m"),
      ExecutionResult.sleep(1, null),
      ExecutionResult.next(),
    ];
    const definition = w()
      .thenFn("sleeps", (ctx) => {
        runs.push([clock.now() - began, ...runOf(ctx)]);
        return sleeps[ctx.attempt - 1];
      })
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    await host.startWorkflow(definition, start, { id: "x" });
    await clock.advance("1s");
    expect(await host.getHistory("x")).toMatchObject([{ status: "sleeping", dueAt: new Date(began + 1_500), persistenceData: { a: 1 } }]);
    await clock.advance("2m");

    expect(runs).toEqual([
      [0, 1, "x/1/0", undefined, undefined],
      [1_500, 2, "x/1/1", { a: 1 }, undefined],
      [1_500, 3, "x/1/2", { a: 1 }, undefined],
      [61_500, 4, "x/1/3", { a: 1 }, undefined],
      [61_501, 5, "x/1/4", null, undefined],
    ]);
    expect((await host.getWorkflow("x")).status).toBe("complete");
  });

  it.each<[string, unknown]>([
    ["negative", -1],
    ["NaN", Number.NaN],
    ["no duration", "soon"],
    ["missing", undefined],
  ])("fails the step without a retry when its duration is %s", async (_, duration) => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .thenFn("sleeps", () => ExecutionResult.sleep(duration as number, "lost"))
      .onError(ErrorBehavior.retry({ interval: 0 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, start);
    await clock.settle();

    expect(await host.getErrors(id)).toMatchObject([{ attempt: 1, message: expect.stringContaining("the duration of a sleep must be") as string }]);
    expect(await host.getHistory(id)).toMatchObject([{ status: "failed" }]);
    expect((await host.getHistory(id))[0]?.persistenceData).toBeUndefined();
  });
});

scenarios("waitForEvent", (open) => {
  it("runs the step again with the payload, which stays over retries and is absent after the next result", async () => {
    const { host: newHost, clock } = await open();
    const runs: unknown[] = [];
    const definition = w()
      .thenFn("waits", (ctx) => {
        runs.push(runOf(ctx));
        if (ctx.attempt === 1) return ExecutionResult.persist("kept");
        if (ctx.eventData === undefined && ctx.attempt === 2) return ExecutionResult.waitForEvent("go", "k");
        if (ctx.attempt === 3) throw new Error("once");
        return ctx.attempt === 4 ? ExecutionResult.sleep("1s") : ExecutionResult.next();
      })
      .onError(ErrorBehavior.retry({ interval: "1s" }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    await host.startWorkflow(definition, start, { id: "x" });
    await clock.advance("1h");
    expect(await host.getHistory("x")).toMatchObject([{ status: "waitingForEvent", eventName: "go", eventKey: "k", attempt: 2 }]);

    await host.publishEvent("go", "another key", "not this");
    await host.publishEvent("go", "k", { paid: [1] });
    await clock.advance("5s");

    expect(runs).toEqual([
      [1, "x/1/0", undefined, undefined],
      [2, "x/1/1", "kept", undefined],
      [3, "x/1/2", "kept", { paid: [1] }],
      [4, "x/1/2", "kept", { paid: [1] }],
      [5, "x/1/3", "kept", undefined],
    ]);
    expect((await host.getWorkflow("x")).status).toBe("complete");
  });

  it("takes one event after the other, each once, those from before the wait included, whatever they carry", async () => {
    const { host: newHost, clock } = await open();
    const payloads: unknown[] = [];
    const definition = w()
      .delay("1s")
      .thenFn("waits", (ctx) => {
        if (ctx.attempt > 1) payloads.push(ctx.eventData);
        return ctx.attempt <= 4 ? ExecutionResult.waitForEvent("go", "") : ExecutionResult.next();
      })
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const id = await host.startWorkflow(definition, start);
    for (const payload of [null, false, "third"] satisfies JsonValue[]) await host.publishEvent("go", "", payload);
    await clock.advance("1m");
    expect(payloads).toEqual([null, false, "third"]);

    await host.publishEvent("go", "", { last: true });
    await clock.settle();

    expect(payloads).toEqual([null, false, "third", { last: true }]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("with an effective date takes events from that time on, in order of their times, also from before the instance", async () => {
    const { host: newHost, clock } = await open();
    const payloads: unknown[] = [];
    const at = (ms: number): Date => new Date(Date.UTC(2026, 0, 1) + ms);
    const definition = w()
      .thenFn("waits", (ctx) => {
        if (ctx.attempt > 1) payloads.push(ctx.eventData);
        return ctx.attempt <= 3 ? ExecutionResult.waitForEvent("go", "k", { effectiveDate: at(1_000) }) : ExecutionResult.next();
      })
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    await clock.advance("2s");
    await host.publishEvent("go", "k", "too early", { time: at(999) });
    await host.publishEvent("go", "k", "later", { time: at(1_500) });
    await host.publishEvent("go", "k", "just then", { time: at(1_000) });
    const id = await host.startWorkflow(definition, start);
    await clock.settle();
    expect(payloads).toEqual(["just then", "later"]);

    await host.publishEvent("go", "k", "in the future", { time: at(10_000) });
    await clock.advance(7_999);
    expect(payloads).toHaveLength(2);
    await clock.advance(1);

    expect(payloads).toEqual(["just then", "later", "in the future"]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it.each<[string, unknown, unknown, unknown, string]>([
    ["no name", "", "k", undefined, "without a name or a key"],
    ["a name that is no string", 5, "k", undefined, "without a name or a key"],
    ["a key that is no string", "go", undefined, undefined, "without a name or a key"],
    ["an effective date that is invalid", "go", "k", new Date(Number.NaN), "no valid Date"],
    ["an effective date that is text", "go", "k", "2026-01-01", "no valid Date"],
  ])("fails the step without a retry when it has %s", async (_, name, key, effectiveDate, problem) => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .thenFn("waits", () => ExecutionResult.waitForEvent(name as string, key as string, { effectiveDate: effectiveDate as Date }))
      .onError(ErrorBehavior.retry({ interval: 0, maxRetries: 1 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, start);
    await clock.settle();

    expect(await host.getErrors(id)).toMatchObject([{ attempt: 1, message: expect.stringContaining(problem) as string }]);
    expect(await host.getHistory(id)).toMatchObject([{ status: "failed" }]);
  });
});
