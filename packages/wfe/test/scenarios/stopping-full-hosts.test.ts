import { expect, it } from "vitest";
import { CancelledError, type Clock, PersistenceError, WorkflowBuilder, WorkflowHostBuilder } from "../../src/index.ts";
import { losingQueue } from "../faults/setting.ts";
import { replacing } from "../replacing.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}
const noop = (): void => {};
const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
const quick = new WorkflowBuilder<Count>().thenFn("quick", noop).build("quick", 1);
const sleeper = new WorkflowBuilder<Count>().delay("65m").build("sleeper", 1);

/** Has a body that runs at any time, but for the moments between two of them. */
const endless = (clock: Clock) =>
  new WorkflowBuilder<Count>()
    .whileDo(
      () => true,
      (b) => b.thenFn("tick", () => pause(clock, 900)),
    )
    .build("endless", 1);

scenarios("stopping a host without room", (open) => {
  it("takes no longer than its timeout, though hints wait for room and a body does not end", async () => {
    const { host: newHost, client: newClient, clock } = await open();
    const reasons: unknown[] = [];
    const definition = new WorkflowBuilder<Count>()
      .thenFn("long", async (ctx) => {
        ctx.signal.addEventListener("abort", () => reasons.push(ctx.signal.reason instanceof CancelledError && ctx.signal.reason.reason));
        await new Promise(() => {}); // never ends, and does not listen
      })
      .build("w", 1);
    const client = await newClient();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { maxConcurrentWorkflows: 1 });
    await clock.settle();
    const ids = [await host.startWorkflow(definition, { n: 0 }), await host.startWorkflow(definition, { n: 0 })];
    await clock.settle();
    let stopped = false;

    void host.stop({ timeout: "1s" }).then(() => (stopped = true));
    await clock.advance(999);
    expect([stopped, reasons]).toEqual([false, []]);
    await clock.advance(1);

    expect([stopped, reasons]).toEqual([true, ["shutdown"]]);
    expect(await Promise.all(ids.map((id) => client.getHistory(id)))).toMatchObject([[{ status: "pending" }], [{ status: "pending" }]]);
  });

  it("starts no successor meanwhile", async () => {
    const { host: newHost, clock } = await open();
    const ran: string[] = [];
    const definition = new WorkflowBuilder<Count>()
      .thenFn("a", () => pause(clock, 10_000))
      .thenFn("b", () => void ran.push("b"))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { maxConcurrentWorkflows: 1 });
    await clock.settle();
    await host.startWorkflow(definition, { n: 0 });
    await host.startWorkflow(definition, { n: 0 });
    await clock.settle();
    const began = clock.now();

    const stopping = host.stop({ timeout: "15s" }).then(() => clock.now() - began);
    await clock.advance("1m");

    expect([await stopping, ran]).toEqual([10_000, []]);
  });

  it("ends although commits fail", async () => {
    const { build, store, clock } = await open();
    const providers = store.open();
    let away = false;
    const persistence = replacing(providers.persistence, {
      persistWorkflow: (change, now) =>
        away
          ? Promise.reject(new PersistenceError("WFE_STORE_UNREACHABLE", "the store is away", { retryable: true }))
          : providers.persistence.persistWorkflow(change, now),
    });
    const definition = new WorkflowBuilder<Count>()
      .thenFn("a", () => {
        away = true;
      })
      .build("w", 1);
    const host = build((h) => h.registerWorkflowDefinition(definition), {}, { ...providers, persistence });
    await host.start();
    await host.startWorkflow(definition, { n: 0 });
    await clock.settle();
    const began = clock.now();

    const stopping = host.stop({ timeout: "1s" }).then(() => clock.now() - began);
    await clock.advance("5s");

    // The try that waits when the timeout is over is the last.
    expect(await stopping).toBeLessThanOrEqual(2_000);
  });
});

scenarios("a host without room", (open) => {
  it("leaves hints to hosts that have some", async () => {
    const { host: newHost, client: newClient, clock } = await open();
    const long = new WorkflowBuilder<Count>().thenFn("long", () => pause(clock, 600_000)).build("long", 1);
    const full = await newHost(
      (h) => {
        h.registerWorkflowDefinition(long);
        h.registerWorkflowDefinition(quick);
      },
      { maxConcurrentWorkflows: 1, sweepInterval: "10m" },
    );
    await clock.settle();
    await full.startWorkflow(long, { n: 0 });
    await newHost((h) => h.registerWorkflowDefinition(quick), { sweepInterval: "10m" });
    const client = await newClient();

    const ids = [await client.startWorkflow(quick, { n: 0 }), await client.startWorkflow(quick, { n: 0 })];
    await clock.advance("5s");

    expect(await Promise.all(ids.map((id) => client.getWorkflow(id)))).toMatchObject([{ status: "complete" }, { status: "complete" }]);
  });

  it("ends a delay that was too long for a timer", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(
      (h) => {
        h.registerWorkflowDefinition(endless(clock));
        h.registerWorkflowDefinition(sleeper);
      },
      { maxConcurrentWorkflows: 1, sweepInterval: "10s" },
    );
    const id = await host.startWorkflow(sleeper, { n: 0 });
    await clock.advance("1h");
    await host.startWorkflow("endless", 1, { n: 0 });

    await clock.advance("6m");

    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("runs an instance whose hint was lost", async () => {
    const { host: newHost, store, clock } = await open();
    const host = await newHost(
      (h) => {
        h.registerWorkflowDefinition(endless(clock));
        h.registerWorkflowDefinition(quick);
      },
      { maxConcurrentWorkflows: 1, sweepInterval: "1s" },
    );
    await host.startWorkflow("endless", 1, { n: 0 });
    await clock.settle();
    const providers = store.open();
    const client = new WorkflowHostBuilder()
      .useProviders({ ...providers, queue: losingQueue(providers.queue) })
      .useClock(clock)
      .buildClient();
    await client.start();

    const id = await client.startWorkflow(quick, { n: 0 });
    await clock.advance("10s");

    expect((await host.getWorkflow(id)).status).toBe("complete");
    await client.stop();
  });
});
