import { expect, it } from "vitest";
import { type Clock, ErrorBehavior, WorkflowBuilder, WorkflowHostBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

scenarios("what observers see", (open) => {
  it("is, in ctx.workflow, the instance as it was when the run began", async () => {
    const { host: newHost, clock } = await open();
    const seen: unknown[] = [];
    const definition = new WorkflowBuilder<Count>()
      .parallel((p) =>
        p
          .branch((b) =>
            b.thenFn("long", async (ctx) => {
              seen.push(ctx.workflow);
              await pause(clock, 5_000);
              seen.push(ctx.workflow);
            }),
          )
          .branch((b) =>
            b
              .thenFn("fails", async () => {
                await pause(clock, 1_000);
                throw new Error("declined");
              })
              .onError(ErrorBehavior.suspend()),
          ),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    await host.startWorkflow(definition, { n: 0 });
    await clock.advance("5s");

    expect(seen[1]).toEqual(seen[0]);
  });

  it("goes on when their log sink rejects", async () => {
    const { store, clock } = await open();
    const definition = new WorkflowBuilder<Count>().thenFn("logs", (ctx) => ctx.log.info("hi")).build("w", 1);
    const host = new WorkflowHostBuilder()
      .useProviders(store.open())
      .useClock(clock)
      .useLogSink({ write: () => Promise.reject(new Error("the sink is away")) as never }) // an async write, as JavaScript has it
      .build();
    host.registerWorkflowDefinition(definition);
    await host.start();
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", listen);
    await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1s");
    process.off("unhandledRejection", listen);
    await host.stop();

    expect(unhandled).toEqual([]);
  });

  it("is a stepStarted for each start of a wait, as for those of bodies", async () => {
    const { host: newHost, record, clock } = await open();
    const definition = new WorkflowBuilder<Count>()
      .waitFor("go", "k", { timeout: "1s" })
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));
    const events = record(host);

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("4s");
    await host.resumeWorkflow(id);
    await clock.settle();

    expect(events.filter(({ type }) => type === "stepStarted").map((event) => "attempt" in event && event.attempt)).toEqual([1, 2, 3]);
  });
});
