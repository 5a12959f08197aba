import { expect, it } from "vitest";
import { CancelledError, type Clock, ErrorBehavior, type StepExecutionContext, WorkflowBuilder } from "../../src/index.ts";
import { endEventId, scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

scenarios("endWorkflow", (open) => {
  it("ends the instance from inside nested containers: what else is open is cancelled, running bodies are aborted, not awaited", async () => {
    const { host: newHost, record, store, clock } = await open();
    const reasons: unknown[] = [];
    const late: string[] = [];
    const runs = async (ctx: StepExecutionContext): Promise<number> => {
      ctx.signal.addEventListener("abort", () => reasons.push(ctx.signal.reason));
      await pause(clock, 5_000);
      late.push("body");
      return 99;
    };
    const definition = new WorkflowBuilder<Count>()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("runs", runs).output((value, data) => void (late.push("output"), (data.n = value))))
          .branch((b) => b.waitFor("go", "k").thenFn("woken", () => void late.push("woken")))
          .branch((b) =>
            b
              .thenFn("retries", () => {
                throw new Error("once more");
              })
              .onError(ErrorBehavior.retry({ interval: "2s" })),
          )
          .branch((b) =>
            b.whileDo(
              () => true,
              (c) =>
                c.forEach(
                  () => [1, 2],
                  (d) =>
                    d
                      .thenFn("each", (ctx) => pause(clock, ctx.item * 1_000))
                      .ifDo(
                        () => true,
                        (e) =>
                          e
                            .thenFn("last", (ctx) => ctx.item)
                            .saveAs("n")
                            .endWorkflow(),
                      )
                      .thenFn("behind", () => void late.push("behind")),
                ),
            ),
          ),
      )
      .thenFn("joined", () => void late.push("joined"))
      .build("w", 1);
    const { persistence } = store.open();
    await persistence.start();
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const events = record(host);
    const at = new Date(clock.now() + 1_000);
    await host.startWorkflow(definition, { n: 0 }, { id: "x" });

    await clock.advance("1s");

    const instance = await host.getWorkflow("x");
    expect(instance).toMatchObject({ status: "complete", data: { n: 1 }, completedAt: at });
    expect(instance).not.toHaveProperty("dueAt");
    expect((await host.getHistory("x")).map(({ stepName, status, index }) => [stepName, status, index])).toEqual([
      ["parallel", "cancelled", undefined],
      ["runs", "cancelled", undefined],
      ["waitFor go", "cancelled", undefined],
      ["retries", "cancelled", undefined],
      ["whileDo", "cancelled", undefined],
      ["forEach", "cancelled", undefined],
      ["each", "complete", 0],
      ["each", "cancelled", 1],
      ["ifDo", "cancelled", 0],
      ["last", "complete", 0],
      ["endWorkflow", "complete", 0],
    ]);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toBeInstanceOf(CancelledError);
    expect(reasons).toMatchObject([{ reason: "cancelled" }]);
    expect(await persistence.getSubscriptions("go", "k", at)).toEqual([]);
    await persistence.stop();

    await host.publishEvent("go", "k", 1);
    await clock.advance("1m");

    expect(late).toEqual(["body"]);
    expect((await host.getWorkflow("x")).data).toEqual({ n: 1 });
    expect((await host.getErrors("x")).map(({ step }) => step)).toEqual(["retries"]);
    expect(events.filter(({ type }) => ["suspended", "completed", "terminated"].includes(type))).toEqual([
      { type: "completed", workflowId: "x", definitionId: "w", version: 1, at },
    ]);
    expect(events.at(-1)?.type).toBe("completed");
    expect(await host.getEvent(endEventId(await host.getWorkflow("x")))).toMatchObject({
      name: "wfe.workflow.completed",
      key: "x",
      time: at,
      data: { status: "complete", data: { n: 1 } },
    });
  });

  it("is committed with the step before it", async () => {
    const { build, store, clock } = await open();
    const providers = store.open();
    const statuses: (readonly [string, readonly string[]])[] = [];
    const persistence = new Proxy(providers.persistence, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (key === "persistWorkflow") {
          return (change: Parameters<typeof target.persistWorkflow>[0], now: Date) => {
            statuses.push([change.status, change.events.map(({ name }) => name)]);
            return target.persistWorkflow(change, now);
          };
        }
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    const definition = new WorkflowBuilder<Count>()
      .thenFn("before", () => {})
      .ifDo(
        () => true,
        (b) => b.thenFn("last", () => {}).endWorkflow(),
      )
      .thenFn("never", () => {})
      .build("w", 1);
    const host = build((h) => h.registerWorkflowDefinition(definition), {}, { ...providers, persistence });
    await host.start();

    await host.startWorkflow(definition, { n: 0 });
    await clock.settle();

    expect(statuses).toEqual([
      ["runnable", []],
      ["complete", ["wfe.workflow.completed"]],
    ]);
  });

  it("may be all there is, and may end a decide, an outcome, a timeout and an iteration", async () => {
    const { host: newHost, clock } = await open();
    const never = (): never => expect.fail("the workflow has ended");
    const w = (): WorkflowBuilder<Count> => new WorkflowBuilder<Count>();
    const definitions = [
      w().endWorkflow().build("alone", 1),
      w()
        .decide(
          (data) => data.n,
          (d) => d.case(0, (b) => b.endWorkflow()).otherwise((b) => b.thenFn("never", never)),
        )
        .thenFn("never", never)
        .build("decide", 1),
      w()
        .waitFor("never", "k", { timeout: "1s" })
        .onTimeout((b) => b.endWorkflow())
        .thenFn("never", never)
        .build("timeout", 1),
      w()
        .forEach(
          () => [1, 2],
          (b) =>
            b
              .ifDo(
                (_data, ctx) => ctx.item === 1,
                (c) => c.endWorkflow(),
              )
              .thenFn("never", never),
          { parallel: false },
        )
        .thenFn("never", never)
        .build("iteration", 1),
    ];
    const host = await newHost((h) => definitions.forEach((definition) => h.registerWorkflowDefinition(definition)));

    const ids = await Promise.all(definitions.map((definition) => host.startWorkflow(definition, { n: 0 })));
    await clock.advance("1s");

    expect(await Promise.all(ids.map(async (id) => (await host.getWorkflow(id)).status))).toEqual(definitions.map(() => "complete"));
    expect(await Promise.all(ids.map((id) => host.getErrors(id)))).toEqual(definitions.map(() => []));
  });

  it("keeps the results of siblings that came before it", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<{ seen: string[] }>()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("sooner", () => "sooner").output((text, data) => void data.seen.push(text)))
          .branch((b) => b.delay("1s").endWorkflow())
          .branch((b) =>
            b
              .thenFn("later", async () => {
                await pause(clock, 2_000);
                return "later";
              })
              .output((text, data) => void data.seen.push(text)),
          ),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const done = host.runWorkflow(definition, { seen: [] });
    await clock.advance("5s");

    expect(await done).toEqual({ seen: ["sooner"] });
  });
});
