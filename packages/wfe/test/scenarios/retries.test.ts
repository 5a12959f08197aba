import { expect, it } from "vitest";
import { type Clock, ErrorBehavior, NonRetryableError, PersistenceError, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

const { retry } = ErrorBehavior;

/** A body that fails, so many times if that is said, and notes when it ran, in milliseconds from the making of it. */
function failing(clock: Clock, failures = Number.POSITIVE_INFINITY): { readonly at: number[]; readonly run: () => void } {
  const began = clock.now();
  const at: number[] = [];
  const run = (): void => {
    at.push(clock.now() - began);
    if (at.length <= failures) throw new Error("declined");
  };
  return { at, run };
}

function oneStep(run: () => void, behavior?: ErrorBehavior): WorkflowDefinition<Count> {
  const chain = new WorkflowBuilder<Count>().thenFn("flaky", run);
  return (behavior === undefined ? chain : chain.onError(behavior)).build("w", 1);
}

/** Times from one to the next. */
const gaps = (at: readonly number[]): number[] => at.slice(1).map((time, index) => time - (at[index] ?? 0));

scenarios(
  "retries",
  (open) => {
    it.each<[string, ErrorBehavior | undefined, readonly number[]]>([
      ["every 60 s, 3 times, when nobody says otherwise", undefined, [0, 60_000, 120_000, 180_000]],
      ["3 times when maxRetries is left out", retry({ interval: 1_500 }), [0, 1_500, 3_000, 4_500]],
      ["maxRetries times", retry({ interval: "1s", maxRetries: 1 }), [0, 1_000]],
      ["never when maxRetries is 0", retry({ interval: "1s", maxRetries: 0 }), [0]],
      ["at once when the interval is 0", retry({ interval: 0, maxRetries: 4 }), [0, 0, 0, 0, 0]],
      ["at once when the interval is 0, however it grows", retry({ interval: 0, backoff: 1e300, maxRetries: 4 }), [0, 0, 0, 0, 0]],
      ["after intervals that grow by backoff", retry({ interval: "1s", backoff: 1.5 }), [0, 1_000, 2_500, 4_750]],
      [
        "and grow to maxInterval",
        retry({ interval: "1s", backoff: 3, maxInterval: "10s", maxRetries: 5 }),
        [0, 1_000, 4_000, 13_000, 23_000, 33_000],
      ],
      ["after maxInterval when that is the shorter one", retry({ interval: "1m", maxInterval: "2s", maxRetries: 2 }), [0, 2_000, 4_000]],
      ["after maxInterval when the interval has grown beyond all bounds", retry({ interval: 1, backoff: 1e300, maxInterval: 9 }), [0, 1, 10, 19]],
    ])("come %s, and then the instance is suspended", async (_, behavior, times) => {
      const { host: newHost, clock } = await open();
      const flaky = failing(clock);
      const definition = oneStep(flaky.run, behavior);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));

      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.advance("4m");

      expect(flaky.at).toEqual(times);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_STEP_FAILED", message: "declined" } });
      expect((await host.getErrors(id)).map(({ at, attempt }) => [at.getTime() - clock.now() + 240_000, attempt])).toEqual(
        times.map((time, index) => [time, index + 1]),
      );
    });

    it('come for ever when maxRetries is "unlimited"', async () => {
      const { host: newHost, clock } = await open();
      const flaky = failing(clock);
      const definition = oneStep(flaky.run, retry({ interval: "1s", maxRetries: "unlimited" }));
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));

      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.advance("100s");

      expect(flaky.at).toHaveLength(101);
      expect((await host.getWorkflow(id)).status).toBe("runnable");
    });

    it("wait between the interval less its jitter and the whole interval, each as chance will have it", async () => {
      const { host: newHost, clock } = await open();
      const bodies = [failing(clock), failing(clock)] as const;
      const definition = new WorkflowBuilder<Count>()
        .parallel((p) => p.branch((b) => b.thenFn("one", bodies[0].run)).branch((b) => b.thenFn("other", bodies[1].run)))
        .onError(retry({ interval: "1s", jitter: 0.4, maxRetries: "unlimited" }))
        .build("w", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));

      await host.startWorkflow(definition, { n: 0 });
      await clock.advance("40s");

      for (const { at } of bodies) {
        const waits = gaps(at);
        expect(waits.length).toBeGreaterThan(40);
        expect(waits.filter((wait) => wait < 600 || wait > 1_000)).toEqual([]);
        expect([Math.min(...waits) < 640, Math.max(...waits) > 960]).toEqual([true, true]);
      }
      expect(bodies[0].at).not.toEqual(bodies[1].at);
    });

    it("keep to maxInterval with jitter, and may come at once when all of the interval is jitter", async () => {
      const { host: newHost, clock } = await open();
      const flaky = failing(clock);
      const definition = oneStep(flaky.run, retry({ interval: "1s", backoff: 2, maxInterval: "4s", jitter: 1, maxRetries: 40 }));
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));

      await host.startWorkflow(definition, { n: 0 });
      await clock.advance("3m");

      const waits = gaps(flaky.at);
      expect(waits).toHaveLength(40);
      expect(waits.filter((wait) => wait < 0 || wait > 4_000)).toEqual([]);
      expect([Math.min(...waits) < 400, Math.max(...waits) > 3_600]).toEqual([true, true]);
    });

    it("count their interval from the processing of the failure, not from the start of the attempt", async () => {
      const { host: newHost, clock } = await open();
      const flaky = failing(clock, 2);
      const definition = new WorkflowBuilder<Count>()
        .thenFn("slow and flaky", async () => {
          const ends = new Promise<void>((resolve) => void clock.setTimer(4_000, resolve));
          try {
            flaky.run();
          } finally {
            await ends;
          }
        })
        .onError(retry({ interval: "1s" }))
        .build("w", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));

      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.advance("14s");

      expect(flaky.at).toEqual([0, 5_000, 10_000]);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete" });
    });

    it("are seen in the store: the pointer sleeps until its time, and the instance is due then", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const flaky = failing(clock, 2);
      const definition = oneStep(flaky.run, retry({ interval: "5s" }));
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const client = await newClient();
      const began = clock.now();

      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.advance(9_999);

      const dueAt = new Date(began + 10_000);
      expect(await client.getWorkflow(id)).toMatchObject({ status: "runnable", dueAt });
      expect(await client.getWorkflow(id)).not.toHaveProperty("error");
      expect(await client.getHistory(id)).toMatchObject([{ status: "sleeping", attempt: 2, retryCount: 2, dueAt }]);
      await clock.advance(1);
      expect(await client.getWorkflow(id)).toMatchObject({ status: "complete", completedAt: dueAt });
      expect(await client.getHistory(id)).toMatchObject([{ status: "complete", attempt: 3, retryCount: 2 }]);
    });

    it("are made by another host when the one that saw the failure has stopped", async () => {
      const { host: newHost, clock } = await open();
      const flaky = failing(clock, 1);
      const definition = oneStep(flaky.run, retry({ interval: "10s" }));
      const first = await newHost((h) => h.registerWorkflowDefinition(definition));
      const id = await first.startWorkflow(definition, { n: 0 });
      await clock.advance("1s");
      await first.stop();

      const second = await newHost((h) => h.registerWorkflowDefinition(definition));
      await clock.advance("8s");
      expect(flaky.at).toEqual([0]);
      await clock.advance("2s");

      expect(flaky.at).toEqual([0, expect.toSatisfy((time: number) => time >= 10_000 && time <= 11_000)]);
      expect(await second.getWorkflow(id)).toMatchObject({ status: "complete" });
    });

    it("are skipped by a NonRetryableError and by what is made of its class, whose data is kept", async () => {
      const { host: newHost, clock } = await open();
      class CardDeclined extends NonRetryableError {}
      for (const [index, error] of [new NonRetryableError("declined", { data: { code: 51 } }), new CardDeclined("declined")].entries()) {
        const definition = new WorkflowBuilder<Count>()
          .thenFn("charge", () => {
            throw error;
          })
          .onError(retry({ interval: 0, maxRetries: 2 }))
          .build(`w${index}`, 1);
        const host = await newHost((h) => h.registerWorkflowDefinition(definition));

        const id = await host.startWorkflow(definition, { n: 0 });
        await clock.settle();

        const recorded = { code: "WFE_STEP_FAILED", message: "declined", ...(error.data === undefined ? {} : { data: error.data }) };
        expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: recorded });
        expect(await host.getErrors(id)).toMatchObject([{ attempt: 1, ...recorded }]);
      }
    });

    it("are made after errors of the engine too, whether the same call could succeed or not", async () => {
      const { host: newHost, clock } = await open();
      const definition = new WorkflowBuilder<Count>()
        .thenFn("asks", (ctx) => {
          if (ctx.attempt <= 2) throw new PersistenceError("WFE_PERSISTENCE_FAILED", "away", { retryable: ctx.attempt === 1 });
          return ctx.attempt;
        })
        .saveAs("n")
        .onError(retry({ interval: 0 }))
        .build("w", 1);
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));

      const done = host.runWorkflow(definition, { n: 0 });
      await clock.settle();

      expect(await done).toEqual({ n: 3 });
    });

    it("end in a termination when onExhausted says so", async () => {
      const { host: newHost, clock } = await open();
      const flaky = failing(clock);
      const definition = oneStep(flaky.run, retry({ interval: "1s", maxRetries: 1, onExhausted: "terminate" }));
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const began = clock.now();

      const id = await host.startWorkflow(definition, { n: 0 });
      await clock.advance("10s");

      expect(flaky.at).toEqual([0, 1_000]);
      expect(await host.getWorkflow(id)).toMatchObject({
        status: "terminated",
        completedAt: new Date(began + 1_000),
        error: { message: "declined" },
      });
    });

    it("end a sequence of error, stepRetrying and stepStarted with error and suspended, each saying of which attempt it is", async () => {
      const { host: newHost, record, clock } = await open();
      const definition = oneStep(failing(clock).run, retry({ interval: "1s", maxRetries: 1 }));
      const host = await newHost((h) => h.registerWorkflowDefinition(definition));
      const events = record(host);
      const began = clock.now();

      await host.startWorkflow(definition, { n: 0 }, { id: "x", reference: "r" });
      await clock.advance("10s");

      const of = (ms: number) => ({ workflowId: "x", definitionId: "w", version: 1, reference: "r", at: new Date(began + ms) });
      const step = (attempt: number) => ({ step: "flaky", stepId: 0, pointerId: "1", attempt });
      const error = { code: "WFE_STEP_FAILED", message: "declined" };
      expect(events).toEqual([
        { type: "started", ...of(0) },
        { type: "stepStarted", ...of(0), ...step(1) },
        { type: "error", ...of(0), ...step(1), error },
        { type: "stepRetrying", ...of(0), ...step(1) },
        { type: "stepStarted", ...of(1_000), ...step(2) },
        { type: "error", ...of(1_000), ...step(2), error },
        { type: "suspended", ...of(1_000) },
      ]);
    });
  },
  { sweeping: true },
);
