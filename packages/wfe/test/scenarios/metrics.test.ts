import { expect, it } from "vitest";
import { ErrorBehavior, ExecutionResult, type Measurement, NonRetryableError, WorkflowBuilder, WorkflowHostBuilder } from "../../src/index.ts";
import { LosableLocks } from "../losable-locks.ts";
import { registers, scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

const DEFINITION = { definitionId: "measured", version: 1 };
let told: Measurement[] = [];
/** What was told of these kinds, in order. */
const of = (...kinds: readonly Measurement["kind"][]): readonly Measurement[] => told.filter(({ kind }) => kinds.includes(kind));
const anyMs: unknown = expect.any(Number);
const prepare = (builder: WorkflowHostBuilder): WorkflowHostBuilder => {
  told = [];
  return builder.useMetricSink({ record: (measurement) => void told.push(measurement) });
};

scenarios(
  "metrics",
  (open) => {
    it("tell of a start, of each run of a step with its time and its outcome, of retries, and of the end with the time since the start", async () => {
      const { host: newHost, clock } = await open();
      const measured = new WorkflowBuilder<Count>()
        .thenFn("slow", async () => {
          await new Promise<void>((resolve) => void clock.setTimer(1_500, resolve));
        })
        .thenFn("flaky", (ctx) => {
          if (ctx.attempt === 1) throw new Error("no");
        })
        .onError(ErrorBehavior.retry({ interval: "10s" }))
        .thenFn("dozes", (ctx) => (ctx.persistenceData === undefined ? ExecutionResult.sleep("1h", true) : ExecutionResult.next()))
        .build("measured", 1);
      const host = await newHost(registers(measured));

      await host.startWorkflow(measured, { n: 0 });
      await clock.advance("2h");

      const step = { kind: "stepEnded", ...DEFINITION };
      expect(of("workflowStarted", "stepEnded", "stepRetried", "workflowEnded")).toEqual([
        { kind: "workflowStarted", ...DEFINITION },
        { ...step, step: "slow", outcome: "completed", durationMs: 1_500 },
        { ...step, step: "flaky", outcome: "failed", errorCode: "WFE_STEP_FAILED", durationMs: 0 },
        { kind: "stepRetried", ...DEFINITION, step: "flaky" },
        { ...step, step: "flaky", outcome: "completed", durationMs: 0 },
        { ...step, step: "dozes", outcome: "continued", durationMs: 0 },
        { ...step, step: "dozes", outcome: "completed", durationMs: 0 },
        { kind: "workflowEnded", ...DEFINITION, status: "complete", durationMs: 3_611_500 },
      ]);
    });

    it("tell of a suspension by an error, and of a termination by a command, with the code of what failed and what was called off", async () => {
      const { host: newHost, clock } = await open();
      const measured = new WorkflowBuilder<Count>()
        .thenFn("fails", () => {
          throw new NonRetryableError("no");
        })
        .onError(ErrorBehavior.suspend())
        .build("measured", 1);
      const hangs = new WorkflowBuilder<Count>()
        .thenFn("hangs", (ctx) => new Promise<void>((_, reject) => ctx.signal.addEventListener("abort", () => reject(new Error("called off")))))
        .build("hangs", 1);
      const host = await newHost(registers(measured, hangs));

      const id = await host.startWorkflow(measured, { n: 0 });
      const hanging = await host.startWorkflow(hangs, { n: 0 });
      await clock.settle();
      await host.terminateWorkflow(id);
      await host.terminateWorkflow(hanging);
      await clock.settle();

      expect(of("workflowSuspended", "workflowEnded")).toEqual([
        { kind: "workflowSuspended", ...DEFINITION },
        { kind: "workflowEnded", ...DEFINITION, status: "terminated", durationMs: 0 },
        { kind: "workflowEnded", definitionId: "hangs", version: 1, status: "terminated", durationMs: 0 },
      ]);
      expect(of("stepEnded")).toEqual([
        { kind: "stepEnded", ...DEFINITION, step: "fails", outcome: "failed", errorCode: "WFE_STEP_FAILED", durationMs: 0 },
        { kind: "stepEnded", definitionId: "hangs", version: 1, step: "hangs", outcome: "cancelled", durationMs: 0 },
      ]);
    });

    it("count sub-workflows, and what a client starts and terminates", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const child = new WorkflowBuilder<Count>().thenFn("one", () => 1).build("child", 1);
      const parent = new WorkflowBuilder<Count>().subWorkflow(child, (data) => data).build("parent", 1);
      await newHost(registers(child, parent));
      const client = await newClient();

      await client.startWorkflow(parent, { n: 0 });
      await clock.advance("1m"); // until a sweep, where nothing tells of what another process queues
      await client.terminateWorkflow(await client.startWorkflow(parent, { n: 0 }, { startAt: new Date(clock.now() + 1_000) }));

      const counted = of("workflowStarted", "workflowEnded").map((one) => [
        one.kind,
        "definitionId" in one ? one.definitionId : "",
        "status" in one ? one.status : "",
      ]);
      expect(counted).toEqual([
        ["workflowStarted", "parent", ""],
        ["workflowStarted", "child", ""],
        ["workflowEnded", "child", "complete"],
        ["workflowEnded", "parent", "complete"],
        ["workflowStarted", "parent", ""],
        ["workflowEnded", "parent", "terminated"],
      ]);
    });

    it("tell how late hints were taken, and what the sweep has found", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const measured = new WorkflowBuilder<Count>().thenFn("one", () => 1).build("measured", 1);
      const client = await newClient();
      await client.startWorkflow(measured, { n: 0 });
      await client.publishEvent("nobody waits", "k", null, { time: new Date(clock.now() + 1_000) });
      await clock.advance("3s");

      await newHost(registers(measured));
      await clock.settle();

      expect(of("queueLag")).toEqual(
        expect.arrayContaining([
          { kind: "queueLag", queue: "workflow", lagMs: anyMs },
          { kind: "queueLag", queue: "event", lagMs: anyMs },
        ]),
      );
      for (const lag of of("queueLag")) expect(lag).toMatchObject({ lagMs: 3_000 });
      expect(of("swept")).toEqual(
        expect.arrayContaining([
          { kind: "swept", found: "dueInstances", count: 1 },
          { kind: "swept", found: "undeliveredEvents", count: 1 },
        ]),
      );
    });

    it("tell of a lease that was lost while its pass ran, and of the run that it called off", async () => {
      const { build, store, clock } = await open();
      const { locks, ...others } = store.open();
      const losable = new LosableLocks(locks, clock);
      const measured = new WorkflowBuilder<Count>()
        .thenFn("long", async ({ attempt, signal }) => {
          if (attempt === 1) await new Promise((resolve) => signal.addEventListener("abort", resolve));
        })
        .build("measured", 1);
      const host = build(registers(measured), { lockTtl: "30s", sweepInterval: "1h" }, { ...others, locks: losable });
      await host.start();
      await host.startWorkflow(measured, { n: 0 });
      await clock.advance("5s");

      await losable.loseAll();
      await clock.advance("6s"); // a renewal finds it

      expect(of("leaseLost")).toEqual([{ kind: "leaseLost" }]);
      expect(of("stepEnded")).toMatchObject([{ outcome: "cancelled", durationMs: 10_000 }, { outcome: "completed" }]);
    });

    it("tell of what the store has written together, while the host runs", async () => {
      const { host: newHost, store, clock } = await open();
      const measured = new WorkflowBuilder<Count>().thenFn("one", () => 1).build("measured", 1);
      const host = await newHost(registers(measured));

      await Promise.all([1, 2, 3].map((n) => host.startWorkflow(measured, { n })));
      await clock.settle();
      await host.stop();

      const sizes = of("batchWritten").map((one) => (one.kind === "batchWritten" ? one.size : 0));
      const tells = store.open().persistence.recordMetrics !== undefined;
      expect(sizes.some((size) => size >= 2)).toBe(tells);
      expect(sizes.every((size) => size >= 1)).toBe(true);
    });
  },
  { prepare },
);

scenarios(
  "a metric sink that throws",
  (open) => {
    it("changes nothing: the workflow runs to its end, and nothing is warned of", async () => {
      const { host: newHost, clock, warnings } = await open();
      const measured = new WorkflowBuilder<Count>()
        .thenFn("one", () => 1)
        .saveAs("n")
        .delay("1h")
        .build("measured", 1);
      const host = await newHost(registers(measured));

      const id = await host.startWorkflow(measured, { n: 0 });
      await clock.advance("2h");

      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 1 } });
      expect(warnings).toEqual([]);
    });
  },
  {
    prepare: (builder) =>
      builder.useMetricSink({
        record: () => {
          throw new Error("the meter is broken");
        },
      }),
  },
);

it("a builder refuses what is no metric sink", () => {
  expect(() => new WorkflowHostBuilder().useMetricSink({} as never)).toThrow("a metric sink is an object with a method record(measurement)");
});
