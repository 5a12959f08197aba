import { expect, it } from "vitest";
import { type Clock, defineActivity, ErrorBehavior, ExecutionResult, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  seen: string[];
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
const trace = (text: string, data: Data): void => void data.seen.push(text);

/** Fails after a second as long as it is broken, and terminates. */
const failing = (clock: Clock, state: { broken: boolean }) => async (): Promise<string> => {
  await pause(clock, 1_000);
  if (state.broken) throw new Error("declined");
  return "mended";
};

scenarios("retryWorkflow of what a termination cancelled", (open) => {
  it("runs open siblings again that the termination cancelled: sleeping, waiting, running, offered, started, half-way through", async () => {
    const { host: newHost, clock } = await open();
    const state = { broken: true };
    const ran: string[] = [];
    const work = defineActivity<number, string>("work");
    const child = new WorkflowBuilder<Data>().delay("10m").build("child", 1);
    const definition = new WorkflowBuilder<Data>()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("fails", failing(clock, state)).onError(ErrorBehavior.terminate()).output(trace))
          .branch((b) => b.thenFn("done", () => "done").output(trace))
          .branch((b) =>
            b
              .delay("10s")
              .thenFn("slept", () => "slept")
              .output(trace),
          )
          .branch((b) =>
            b
              .waitFor("go", "k")
              .thenFn("went", () => "went")
              .output(trace)
              .waitFor("go", "k")
              .thenFn("went twice", () => "twice")
              .output(trace),
          )
          .branch((b) =>
            b
              .thenFn("long", async () => {
                ran.push("long");
                await pause(clock, 5_000);
                return "long";
              })
              .output(trace),
          )
          .branch((b) => b.activity(work, () => 1).output((text, data) => trace(text, data)))
          .branch((b) => b.subWorkflow(child, (data) => data).output((_, data) => trace("child", data)))
          .branch((b) =>
            b.forEach(
              () => ["a", "b", "c"],
              (c) =>
                c
                  .thenFn("item", async (ctx) => {
                    ran.push(`item ${ctx.item}`);
                    await pause(clock, 600);
                    return ctx.item;
                  })
                  .output(trace),
              { parallel: false },
            ),
          ),
      )
      .thenFn("joined", () => "joined")
      .output(trace)
      .build("w", 1);
    const host = await newHost((h) => [definition, child].forEach((one) => h.registerWorkflowDefinition(one as WorkflowDefinition<Data>)));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.settle();
    const token = (await host.getPendingActivity(work, "worker", { lease: "1d" }))?.token ?? "";
    await clock.advance("1s");
    expect((await host.getWorkflow(id)).status).toBe("terminated");
    expect(await host.countWorkflows({ definitionId: "child", status: "terminated" })).toBe(1);
    await host.publishEvent("go", "k", 1);
    await clock.advance("1s");

    state.broken = false;
    expect(await host.retryWorkflow(id)).toBe(true);
    await clock.settle();
    await expect(host.submitActivitySuccess(token, "old")).rejects.toMatchObject({ code: "WFE_ACTIVITY_TOKEN_INVALID" });
    const anew = (await host.getPendingActivity(work, "worker", { lease: "1d" }))?.token ?? "";
    await host.submitActivitySuccess(anew, "worked");
    await clock.advance("7s");
    expect((await host.getWorkflow(id)).data.seen).not.toContain("slept");
    await clock.advance("1s"); // 10 s after its start
    expect((await host.getWorkflow(id)).data.seen).toContain("slept");
    await clock.advance("10m");
    expect((await host.getWorkflow(id)).status).toBe("runnable"); // the second wait waits for another event
    await host.publishEvent("go", "k", 2);
    await clock.settle();

    const { status, data } = await host.getWorkflow(id);
    expect(status).toBe("complete");
    expect(new Set(data.seen)).toEqual(new Set(["mended", "done", "slept", "went", "twice", "long", "worked", "child", "a", "b", "c", "joined"]));
    expect(data.seen).toHaveLength(12);
    expect(data.seen.at(-1)).toBe("joined");
    expect(ran).toEqual(["long", "item a", "item b", "long", "item b", "item c"]);
    expect(await host.countWorkflows({ definitionId: "child", status: "complete" })).toBe(1);
  });

  it("a step that sleeps goes on sleeping until its time, one whose time has passed runs at once, and neither begins anew", async () => {
    const { host: newHost, clock } = await open();
    const state = { broken: true };
    const ran: string[] = [];
    const sleeper = (name: string, ms: number) => (ctx: { readonly persistenceData?: unknown }) => {
      ran.push(`${name} ${JSON.stringify(ctx.persistenceData ?? "first")}`);
      return ctx.persistenceData === undefined ? ExecutionResult.sleep(ms, { slept: true }) : ExecutionResult.next();
    };
    const definition = new WorkflowBuilder<Data>()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("fails", failing(clock, state)).onError(ErrorBehavior.terminate()))
          .branch((b) => b.thenFn("short", sleeper("short", 2_000) as never))
          .branch((b) => b.thenFn("long", sleeper("long", 60_000) as never)),
      )
      .build("w", 1);
    const host = await newHost(registers(definition));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.advance("10s");
    expect((await host.getWorkflow(id)).status).toBe("terminated");

    state.broken = false;
    await host.retryWorkflow(id);
    await clock.settle();
    expect(ran).toEqual(['short "first"', 'long "first"', 'short {"slept":true}']);
    await clock.advance(49_999);
    expect(ran).toHaveLength(3);
    await clock.advance(1);

    expect(ran.at(-1)).toBe('long {"slept":true}');
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("forks go on: one that waits for its time, one whose block runs, and a recurrence; the flow behind them runs once", async () => {
    const { host: newHost, clock } = await open();
    const state = { broken: true };
    const ran: string[] = [];
    const note = (name: string) => (): void => void ran.push(name);
    const definition = new WorkflowBuilder<Data>()
      .schedule("5s", (b) => b.thenFn("later", note("later")))
      .schedule(0, (b) =>
        b
          .thenFn("runs", async () => {
            ran.push("runs");
            await pause(clock, 3_000);
          })
          .thenFn("ran", note("ran")),
      )
      .recur(
        "2s",
        () => ran.filter((name) => name === "again").length >= 3,
        (b) => b.thenFn("again", note("again")),
      )
      .thenFn("behind", note("behind"))
      .thenFn("fails", failing(clock, state))
      .onError(ErrorBehavior.terminate())
      .thenFn("last", note("last"))
      .build("w", 1);
    const host = await newHost(registers(definition));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.advance("1s");
    expect((await host.getWorkflow(id)).status).toBe("terminated");
    expect(new Set(ran)).toEqual(new Set(["runs", "again", "behind"]));

    state.broken = false;
    await host.retryWorkflow(id);
    await clock.advance("3500ms");
    expect(ran).not.toContain("later");
    await clock.advance("500ms"); // 5 s after its start
    expect(ran).toContain("later");
    await clock.advance("1m");

    expect((await host.getWorkflow(id)).status).toBe("complete");
    const counted = Object.fromEntries([...new Set(ran)].map((name) => [name, ran.filter((other) => other === name).length]));
    expect(counted).toEqual({ runs: 2, ran: 1, again: 3, behind: 1, last: 1, later: 1 });
  });
});
