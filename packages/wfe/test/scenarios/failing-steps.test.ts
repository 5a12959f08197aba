import { expect, it } from "vitest";
import { type Clock, ErrorBehavior, ExecutionResult, NonRetryableError, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";

interface Count {
  n: number;
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

scenarios("a failing step", (open) => {
  it("aborts its siblings with the reason terminated when it ends the instance", async () => {
    const { host: newHost, clock } = await open();
    let reason: unknown;
    const definition = new WorkflowBuilder<Count>()
      .parallel((p) =>
        p
          .branch((b) =>
            b.thenFn("long", async (ctx) => {
              ctx.signal.addEventListener("abort", () => (reason = ctx.signal.reason));
              await pause(clock, 60_000);
            }),
          )
          .branch((b) =>
            b
              .thenFn("fails", async () => {
                await pause(clock, 1_000);
                throw new Error("declined");
              })
              .onError(ErrorBehavior.terminate()),
          ),
      )
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    await host.startWorkflow(definition, { n: 0 });
    await clock.advance("1s");

    expect(reason).toMatchObject({ code: "WFE_CANCELLED", reason: "terminated" });
  });

  it("has its retries anew after each result (fault 43)", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Count>()
      .thenFn("stages", (ctx) => {
        if (ctx.attempt % 2 === 1) throw new Error(`once in stage ${JSON.stringify(ctx.persistenceData)}`);
        const stage = Number(ctx.persistenceData ?? 0);
        return stage === 3 ? ExecutionResult.next() : ExecutionResult.persist(stage + 1);
      })
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1 }))
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.advance("10s");

    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("skips its retries by an error that extends NonRetryableError, and keeps its data", async () => {
    const { host: newHost, clock } = await open();
    class CardDeclined extends NonRetryableError {
      override readonly name = "CardDeclined" as never;
    }
    const definition = new WorkflowBuilder<Count>()
      .thenFn("charge", () => {
        throw new CardDeclined("declined", { data: { code: 51 } });
      })
      .build("w", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition));

    const id = await host.startWorkflow(definition, { n: 0 });
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", error: { data: { code: 51 } } });
  });

  it("names the path of a value in a branch or a forEach, its index included", async () => {
    const { host: newHost, clock } = await open();
    const list = [1, { at: new Date(0) }] as unknown as number[];
    const definitions = [
      new WorkflowBuilder<Count>()
        .thenFn("splits", () => ExecutionResult.branch(list))
        .children((b) => b.thenFn("c", () => {}))
        .build("branch", 1),
      new WorkflowBuilder<Count>()
        .forEach(
          () => list,
          (b) => b.thenFn("c", () => {}),
        )
        .build("parallel", 1),
      new WorkflowBuilder<Count>()
        .forEach(
          () => list,
          (b) => b.thenFn("c", () => {}),
          { parallel: false },
        )
        .build("sequential", 1),
    ];
    const host = await newHost((h) => definitions.forEach((definition) => h.registerWorkflowDefinition(definition)));

    const ids = await Promise.all(definitions.map((definition) => host.startWorkflow(definition, { n: 0 })));
    await clock.settle();

    const messages = await Promise.all(ids.map(async (id) => (await host.getErrors(id))[0]?.message));
    expect(messages).toEqual([1, 2, 3].map(() => expect.stringContaining("[1].at is a Date")));
  });
});
