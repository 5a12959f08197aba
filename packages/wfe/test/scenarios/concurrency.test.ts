import { expect, it } from "vitest";
import { type Clock, ErrorBehavior, ExecutionResult, WorkflowBuilder, type WorkflowClient, type WorkflowDefinition } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

/** Counts what runs at the same time. */
class Gauge {
  running = 0;
  most = 0;
  total = 0;

  async during(work: Promise<void>): Promise<void> {
    this.total += 1;
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await work;
    this.running -= 1;
  }
}

/** So many iterations of one body. */
function loop(id: string, iterations: number, body: () => unknown): WorkflowDefinition<Count> {
  return new WorkflowBuilder<Count>()
    .whileDo(
      (data) => data.n < iterations,
      (b) =>
        b
          .thenFn("turn", async (ctx) => {
            await body();
            return ctx.data.n + 1;
          })
          .saveAs("n"),
    )
    .build(id, 1);
}

scenarios("concurrency", (open) => {
  it("runs no more workflows at the same time than allowed, whatever has woken them, and all come to their end", async () => {
    const { host: newHost, client: newClient, clock } = await open();
    const gauge = new Gauge();
    const work = (): Promise<void> => gauge.during(pause(clock, 1_000));
    const definition = new WorkflowBuilder<Count>()
      .thenFn("first", work)
      .delay("1m")
      .thenFn("second", work)
      .waitFor("go", "k")
      .thenFn("third", work)
      .thenFn("flaky", async (ctx) => {
        await work();
        if (ctx.attempt === 1) throw new Error("not yet");
      })
      .onError(ErrorBehavior.retry({ interval: "1m" }))
      .build("works", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { maxConcurrentWorkflows: 3 });
    const client = await newClient();

    for (let n = 0; n < 20; n += 1) await (n % 2 === 0 ? host : client).startWorkflow(definition, { n });
    await clock.advance("2m");
    expect(gauge).toMatchObject({ most: 3, total: 40 });
    await client.publishEvent("go", "k", null);
    await clock.advance("3m");

    expect(await host.countWorkflows({ status: "complete" })).toBe(20);
    expect(gauge).toEqual({ running: 0, most: 3, total: 100 });
  });

  it("runs no more steps of one workflow at the same time than allowed, each workflow by itself, at any depth", async () => {
    const { host: newHost, clock } = await open();
    const gauges = [new Gauge(), new Gauge()] as const;
    const all = new Gauge();
    const definition = new WorkflowBuilder<{ gauge: 0 | 1 }>()
      .forEach(
        () => [1, 2, 3],
        (b) =>
          b.parallel((p) =>
            p
              .branch((c) =>
                c.forEach(
                  () => [1, 2, 3, 4],
                  (d) => d.thenFn("work", (ctx) => all.during(gauges[ctx.data.gauge].during(pause(clock, 1_000)))),
                ),
              )
              .branch((c) => c.thenFn("other work", (ctx) => all.during(gauges[ctx.data.gauge].during(pause(clock, 1_000))))),
          ),
      )
      .build("deep", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { maxConcurrentStepsPerWorkflow: 4 });

    const both = Promise.all([host.runWorkflow(definition, { gauge: 0 }), host.runWorkflow(definition, { gauge: 1 })]);
    await clock.advance("10s");

    await both;
    expect(gauges).toEqual([
      { running: 0, most: 4, total: 15 },
      { running: 0, most: 4, total: 15 },
    ]);
    expect(all.most).toBe(8);
  });

  it("gives no slot to what sleeps, waits, or is to be tried again: one slot for workflows and one for steps do", async () => {
    const { host: newHost, clock } = await open();
    let pending = 0;
    const idle = new WorkflowBuilder<Count>()
      .parallel((p) =>
        p
          .branch((b) => b.delay("1h"))
          .branch((b) => b.waitFor("never", "k", { timeout: "2h" }).onTimeout((c) => c.thenFn("late", () => {})))
          .branch((b) => b.thenFn("sleeps", (ctx) => (ctx.persistenceData === undefined ? ExecutionResult.sleep("1h", 1) : ExecutionResult.next())))
          .branch((b) => b.thenFn("waits", (ctx) => (ctx.eventData === undefined ? ExecutionResult.waitForEvent("go", "k") : ExecutionResult.next())))
          .branch((b) =>
            b
              .thenFn("fails", (ctx) => {
                if (ctx.attempt === 1) throw new Error("once");
              })
              .onError(ErrorBehavior.retry({ interval: "1h" })),
          )
          .branch((b) => b.thenFn("works", () => void (pending += 1))),
      )
      .build("idle", 1);
    const quick = loop("quick", 3, () => undefined);
    const host = await newHost((h) => [idle, quick].forEach((definition) => h.registerWorkflowDefinition(definition)), {
      maxConcurrentWorkflows: 1,
      maxConcurrentStepsPerWorkflow: 1,
      sweepInterval: "10m",
    });
    const before = clock.now();
    for (let n = 0; n < 30; n += 1) await host.startWorkflow(idle, { n });

    const done = host.runWorkflow(quick, { n: 0 });
    await clock.settle();

    expect(await done).toEqual({ n: 3 });
    expect(pending).toBe(30);
    expect(clock.now()).toBe(before);
    await host.publishEvent("go", "k", null);
    await clock.advance("3h");
    expect(await host.countWorkflows({ status: "complete" })).toBe(31);
  });

  it("gives the slot to others after 100 commits, and goes on later where it was", async () => {
    const { host: newHost, clock } = await open();
    const log: string[] = [];
    const long = loop("long", 350, () => log.push("long"));
    const short = loop("short", 1, () => log.push("short"));
    const host = await newHost((h) => [long, short].forEach((definition) => h.registerWorkflowDefinition(definition)), { maxConcurrentWorkflows: 1 });
    const id = await host.startWorkflow(long, { n: 0 });

    const shorts = [await host.startWorkflow(short, { n: 0 }), await host.startWorkflow(short, { n: 0 })];
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 350 } });
    for (const each of shorts) expect(await host.getWorkflow(each)).toMatchObject({ status: "complete", data: { n: 1 } });
    expect(log.filter((text) => text === "long")).toHaveLength(350);
    expect(log.lastIndexOf("short")).toBeLessThan(250); // two of them, one after at most 100 commits, the other after 100 more
    expect((await host.getHistory(id)).filter(({ attempt }) => attempt !== 1)).toEqual([]);
  });

  it("gives the slot to others after a second, between two steps", async () => {
    const { host: newHost, clock } = await open();
    const long = loop("long", 20, () => pause(clock, 300));
    const short = loop("short", 1, () => undefined);
    const host = await newHost((h) => [long, short].forEach((definition) => h.registerWorkflowDefinition(definition)), { maxConcurrentWorkflows: 1 });
    const id = await host.startWorkflow(long, { n: 0 });
    const other = await host.startWorkflow(short, { n: 0 });

    await clock.advance(1_500);
    expect((await host.getWorkflow(other)).status).toBe("complete");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable" });
    await clock.advance("10s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 20 } });
  });

  it("goes on with the rest of a workflow while one of its bodies runs long, though others wait for the slot", async () => {
    const { host: newHost, clock } = await open();
    const long = new WorkflowBuilder<Count>()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("long", () => pause(clock, 600_000)))
          .branch((b) =>
            b.whileDo(
              (data) => data.n < 20,
              (c) =>
                c
                  .thenFn("turn", async (ctx) => {
                    await pause(clock, 300);
                    return ctx.data.n + 1;
                  })
                  .saveAs("n"),
            ),
          ),
      )
      .build("long", 1);
    const short = loop("short", 1, () => undefined);
    const host = await newHost((h) => [long, short].forEach((definition) => h.registerWorkflowDefinition(definition)), { maxConcurrentWorkflows: 1 });
    const id = await host.startWorkflow(long, { n: 0 });
    const other = await host.startWorkflow(short, { n: 0 });

    await clock.advance("1m");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { n: 20 } });
    await clock.advance("10m");

    for (const each of [id, other]) expect((await host.getWorkflow(each)).status).toBe("complete");
  });

  it("shares many instances among several hosts, and runs each step once", async () => {
    const { host: newHost, client: newClient, clock } = await open();
    const ran: string[] = [];
    const byHost = [0, 0, 0, 0];
    const shared = (host: number): WorkflowDefinition<Count> => {
      const step = async (ctx: { readonly workflow: { readonly id: string }; readonly step: { readonly name: string } }): Promise<void> => {
        ran.push(`${ctx.workflow.id} ${ctx.step.name}`);
        byHost[host] = (byHost[host] ?? 0) + 1;
        await pause(clock, 50);
      };
      return new WorkflowBuilder<Count>()
        .thenFn("one", step)
        .parallel((p) =>
          p
            .branch((b) => b.thenFn("two", step).delay(300).thenFn("three", step))
            .branch((b) => b.waitFor("go", (data) => `key ${data.n % 2}`).thenFn("four", step)),
        )
        .thenFn("five", step)
        .build("shared", 1);
    };
    const starters: WorkflowClient[] = [await newClient()];
    for (const [n] of byHost.entries()) starters.push(await newHost((h) => h.registerWorkflowDefinition(shared(n)), { maxConcurrentWorkflows: 5 }));
    const [client] = starters as [WorkflowClient, ...WorkflowClient[]];
    const definition = shared(0);

    const ids = await Promise.all(
      starters.flatMap((starter, at) => Array.from({ length: 12 }, (_, n) => starter.startWorkflow(definition, { n: 12 * at + n }))),
    );
    await clock.advance("3s");
    await client.publishEvent("go", "key 0", null);
    await client.publishEvent("go", "key 1", null);
    await clock.advance("1m");

    expect(await client.countWorkflows({ status: "complete" })).toBe(60);
    const steps = ["one", "two", "three", "four", "five"];
    expect([...ran].sort()).toEqual(ids.flatMap((id) => steps.map((name) => `${id} ${name}`)).sort());
    for (const count of byHost) expect(count).toBeGreaterThan(0);
  });

  it("keeps its pace when nobody waits for its slot", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<{ n: number }>()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("long", () => pause(clock, 600_000)))
          .branch((b) =>
            b.whileDo(
              (data) => data.n < 100,
              (c) => c.thenFn("turn", (ctx) => pause(clock, 300).then(() => ctx.data.n + 1)).saveAs("n"),
            ),
          ),
      )
      .build("long", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { maxConcurrentWorkflows: 1 });
    const id = await host.startWorkflow(definition, { n: 0 });

    await clock.advance("30s"); // 100 turns of 300 ms

    expect(await host.getWorkflow(id)).toMatchObject({ data: { n: 100 } });
  });
});
