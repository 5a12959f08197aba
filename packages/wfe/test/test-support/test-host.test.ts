import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { defineEvent, ErrorBehavior, ExecutionResult, type StepExecutionContext, systemClock, WorkflowBuilder } from "../../src/index.ts";
import { createTestHost, type TestHost, type TestHostOptions } from "../../src/test-support/index.ts";

interface Order {
  readonly id: string;
  readonly total: number;
  charge?: string;
}

const approved = defineEvent<boolean>("approved");

class ShipOrder {
  readonly #courier: { send(id: string): string };
  orderId = "";
  tracking = "";

  constructor(courier: { send(id: string): string }) {
    this.#courier = courier;
  }

  run(): ExecutionResult {
    this.tracking = this.#courier.send(this.orderId);
    return ExecutionResult.next();
  }
}

const order = new WorkflowBuilder<Order & { tracking?: string }>()
  .thenFn("charge", () => {
    throw new Error("no card is charged in a test");
  })
  .saveAs("charge")
  .waitFor(approved, (data) => data.id)
  .delay("3d")
  .then(ShipOrder)
  .name("ship")
  .input((step, data) => {
    step.orderId = data.id;
  })
  .output((step, data) => {
    data.tracking = step.tracking;
  })
  .build("order", 1);

const sleeper = new WorkflowBuilder<{ readonly for: string }>()
  .delay((data) => data.for as "1d")
  .thenFn("awake", () => {})
  .build("sleeper", 1);

async function withHost(options: TestHostOptions, test: (host: TestHost) => Promise<void>): Promise<void> {
  await using host = await createTestHost(options);
  await test(host);
}

describe("createTestHost", () => {
  it("runs a workflow with mocked steps through an event and days of waiting", async () => {
    await using host = await createTestHost({ definitions: [order], mocks: { charge: () => "ch_1", ship: () => ({ tracking: "T1" }) } });
    const id = await host.startWorkflow(order, { id: "o1", total: 5 });

    await host.waitForSubscription(approved, "o1");
    await host.assertSteps(id, { charge: "complete", ship: [] });
    await host.publishEvent(approved, "o1", true);
    await host.advance("2d");
    await host.assertStatus(id, "runnable");
    await host.advance("1d");

    await host.assertStatus(id, "complete");
    expect((await host.getWorkflow(id)).data).toEqual({ id: "o1", total: 5, charge: "ch_1", tracking: "T1" });
  });

  it("has its own store and time", async () => {
    await using first = await createTestHost({ definitions: [sleeper] });
    await using second = await createTestHost({ definitions: [sleeper] });
    await first.startWorkflow(sleeper, { for: "1d" });

    await first.advance("1h");

    expect(await second.countWorkflows()).toBe(0);
    expect(second.clock.now()).toBe(Date.UTC(2026, 0, 1));
  });

  it("does the same in each run: ids, names, instants", async () => {
    const run = async (seed: number): Promise<unknown> => {
      await using host = await createTestHost({ definitions: [sleeper], seed });
      const id = await host.startWorkflow(sleeper, { for: "1d" });
      return [id, await host.runToEnd(id)];
    };

    expect(await run(7)).toEqual(await run(7));
    expect(await run(8)).not.toEqual(await run(7));
  });

  it("runs in real time with a clock of the machine, where nothing can be moved", async () => {
    const quick = new WorkflowBuilder<{ readonly key: string }>().waitFor(approved, (data) => data.key).build("quick", 1);
    await using host = await createTestHost({ definitions: [quick], clock: systemClock });
    const id = await host.startWorkflow(quick, { key: "k" });

    await host.waitForSubscription("approved", "k");
    await host.publishEvent(approved, "k", true);

    expect((await host.waitForWorkflow(id)).status).toBe("complete");
    await expect(host.advance("1d")).rejects.toThrow("advance needs virtual time");
    await expect(host.runUntilIdle()).rejects.toThrow("runUntilIdle needs virtual time");
  });

  it("takes what prepares the builder and the host", async () => {
    const seen: string[] = [];
    await withHost(
      {
        definitions: [order],
        mocks: { charge: () => "ch" },
        prepare: (builder) => {
          builder.useMiddleware({
            aroundStep: (ctx, next) => {
              seen.push(ctx.step.name);
              return next();
            },
          });
        },
        setUp: (host) => host.registerStepFactory(ShipOrder, () => new ShipOrder({ send: (id) => `sent ${id}` })),
      },
      async (host) => {
        const id = await host.startWorkflow(order, { id: "o2", total: 1 });
        await host.publishEvent(approved, "o2", true);

        expect((await host.runToEnd(id)).data).toMatchObject({ tracking: "sent o2" });
        expect(seen).toEqual(["charge", "ship"]);
      },
    );
  });

  it("refuses a step class that cannot be made and is not mocked", async () => {
    await expect(createTestHost({ definitions: [order], mocks: { charge: () => "" } })).rejects.toMatchObject({ code: "WFE_STEP_NOT_REGISTERED" });
  });

  it("stops at once, whatever runs", async () => {
    const stuck = new WorkflowBuilder().thenFn("stuck", () => new Promise(() => {})).build("stuck", 1);
    const host = await createTestHost({ definitions: [stuck] });
    await host.startWorkflow(stuck, {});
    await host.runUntilIdle();

    await host.stop();
  });

  it("goes on after a stop, as after a deploy", async () => {
    let runs = 0;
    const twice = new WorkflowBuilder()
      .thenFn("once", () => void (runs += 1))
      .delay("1d")
      .thenFn("again", () => void (runs += 1))
      .build("twice", 1);
    await using host = await createTestHost({ definitions: [twice] });
    const id = await host.startWorkflow(twice, {});
    await host.runUntilIdle();

    await host.stop();
    await host.clock.advance("3d");
    await host.start();
    await host.runUntilIdle();

    await host.assertStatus(id, "complete");
    expect(runs).toBe(2);
  });
});

describe("the time of a test host", () => {
  it("wakes each workflow in its own millisecond, however far away", async () => {
    const wakes: string[] = [];
    const waits = new WorkflowBuilder<{ readonly for: string }>()
      .delay((data) => data.for as "1d")
      .thenFn("note", (ctx: StepExecutionContext<{ readonly for: string }>) => void wakes.push(`${ctx.data.for} at ${host.clock.now() - start}`))
      .build("waits", 1);
    await using host = await createTestHost({ definitions: [waits] });
    const start = host.clock.now();
    for (const wait of ["30d", "90m", "1ms", "61m", "25h"]) await host.startWorkflow(waits, { for: wait });

    await host.advance("30d");

    expect(wakes).toEqual(["1ms at 1", "61m at 3660000", "90m at 5400000", "25h at 90000000", "30d at 2592000000"]);
    expect(host.clock.now() - start).toBe(2_592_000_000);
  });

  it("delivers an event of a later time in its own millisecond", async () => {
    let at: number | undefined;
    const waits = new WorkflowBuilder()
      .waitFor(approved, () => "k")
      .thenFn("note", () => void (at = host.clock.now()))
      .build("waits", 1);
    await using host = await createTestHost({ definitions: [waits] });
    await host.startWorkflow(waits, {});
    const time = new Date(host.clock.now() + 7_200_001);
    await host.publishEvent(approved, "k", true, { time });

    await host.advance("1d");

    expect(at).toBe(time.getTime());
  });

  it("runs what comes of a wake-up before it goes on, also where that sleeps again", async () => {
    const instants: number[] = [];
    const loops = new WorkflowBuilder<{ n: number }>()
      .whileDo(
        (data) => data.n < 50,
        (b) =>
          b
            .delay("1d")
            .thenFn("note", (ctx) => {
              instants.push(host.clock.now());
              return ctx.data.n + 1;
            })
            .saveAs("n"),
      )
      .build("loops", 1);
    await using host = await createTestHost({ definitions: [loops] });
    const start = host.clock.now();
    await host.startWorkflow(loops, { n: 0 });

    await host.advance("50d");

    expect(instants).toEqual(Array.from({ length: 50 }, (_, index) => start + (index + 1) * 86_400_000));
  });

  it("has a call that waits for an end go on with time, and no days full of looks into the store", async () => {
    await using host = await createTestHost({ definitions: [sleeper] });
    const end = host.runWorkflow(sleeper, { for: "300d" });

    await host.advance("300d");

    expect(await end).toEqual({ for: "300d" });
  });

  it("moves to an instant, and not back", async () => {
    await using host = await createTestHost({ definitions: [sleeper] });
    const id = await host.startWorkflow(sleeper, { for: "1d" });

    await host.advanceTo(new Date("2026-01-02T00:00:00Z"));

    await host.assertStatus(id, "complete");
    await expect(host.advanceTo(new Date("2026-01-01T00:00:00Z"))).rejects.toThrow("it is 2026-01-02T00:00:00.000Z");
    await expect(host.advanceTo(new Date("no date"))).rejects.toThrow(RangeError);
    await expect(host.advance("1 fortnight" as "1d")).rejects.toThrow(RangeError);
  });

  it("does not move while a body really reads a file, when it is to wait for bodies", async () => {
    const reads = new WorkflowBuilder<{ text?: string }>()
      .thenFn("read", async () => (await readFile(import.meta.filename, "utf8")).slice(0, 6))
      .timeout("1s")
      .saveAs("text")
      .build("reads", 1);
    await using host = await createTestHost({ definitions: [reads], waitForBodies: true });
    const id = await host.startWorkflow(reads, {});

    await host.advance("1h");

    expect((await host.getWorkflow(id)).data).toEqual({ text: "import" });
  });

  it("retries in virtual time", async () => {
    const flaky = new WorkflowBuilder()
      .thenFn("flaky", () => {
        throw new Error("not yet");
      })
      .onError(ErrorBehavior.retry({ interval: "1h", maxRetries: 3 }))
      .build("flaky", 1);
    await using host = await createTestHost({ definitions: [flaky] });
    const id = await host.startWorkflow(flaky, {});
    await host.runUntilIdle();
    const mock = host.mockStep("flaky", () => {
      throw new Error("not yet");
    });

    await host.advance("30d");

    expect(mock.calls.map(({ attempt }) => attempt)).toEqual([2, 3, 4]); // the first one had no mock yet
    await host.assertStatus(id, "suspended");
  });
});
