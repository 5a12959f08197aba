import { expect, it } from "vitest";
import { type Clock, ErrorBehavior, WorkflowBuilder, type WorkflowDefinition, type WorkflowHost } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Trace {
  seen: string[];
}

const trace = (text: string, data: Trace): void => void data.seen.push(text);
const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

/** Name and status of each pointer. */
async function statuses(host: WorkflowHost, id: string): Promise<readonly string[]> {
  return (await host.getHistory(id)).map(({ stepName, status }) => `${stepName} ${status}`);
}

/** Fails three times, with a minute between the attempts. */
function flaky(attempts: number[]): WorkflowDefinition<Trace> {
  return new WorkflowBuilder<Trace>()
    .thenFn("flaky", (ctx) => {
      attempts.push(ctx.attempt);
      if (ctx.attempt < 4) throw new Error(`no ${ctx.attempt}`);
      return "done";
    })
    .onError(ErrorBehavior.retry({ interval: "1m", maxRetries: 5 }))
    .output(trace)
    .build("flaky", 1);
}

/** A sequential forEach over four items, whose two steps take a second each. */
function items(clock: Clock, ran: string[]): WorkflowDefinition<Trace> {
  const step = (name: string) => async (ctx: { readonly item: string }) => {
    ran.push(`${name} ${ctx.item}`);
    await pause(clock, 1_000);
    return `${name} ${ctx.item}`;
  };
  return new WorkflowBuilder<Trace>()
    .forEach(
      () => ["a", "b", "c", "d"],
      (b) => b.thenFn("pick", step("pick")).output(trace).thenFn("pack", step("pack")).output(trace),
      { parallel: false },
    )
    .thenFn("ship", () => "ship")
    .output(trace)
    .build("items", 1);
}

const ALL_ITEMS = ["a", "b", "c", "d"].flatMap((item) => [`pick ${item}`, `pack ${item}`]);

scenarios("commands in the middle of things", (open) => {
  it("suspend holds the next attempt, and resume makes it when its time has come, at once if that has passed", async () => {
    const { host: newHost, clock } = await open();
    const attempts: number[] = [];
    const definition = flaky(attempts);
    const host = await newHost(registers(definition));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.advance("30s");

    await host.suspendWorkflow(id);
    await clock.advance("10m");
    expect(attempts).toEqual([1]);
    await host.resumeWorkflow(id);
    await clock.settle();
    expect(attempts).toEqual([1, 2]);
    await host.suspendWorkflow(id);
    await clock.advance("20s");
    await host.resumeWorkflow(id);
    await clock.advance(39_999);
    expect(attempts).toEqual([1, 2]);
    await clock.advance(1);
    expect(attempts).toEqual([1, 2, 3]);
    await clock.advance("1m");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["done"] } });
    expect((await host.getErrors(id)).map(({ message }) => message)).toEqual(["no 1", "no 2", "no 3"]);
  });

  it("terminate makes no further attempt", async () => {
    const { host: newHost, clock } = await open();
    const attempts: number[] = [];
    const definition = flaky(attempts);
    const host = await newHost(registers(definition));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.advance("90s");

    await host.terminateWorkflow(id);
    await clock.advance("5m");

    expect(attempts).toEqual([1, 2]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated", data: { seen: [] } });
    expect(await statuses(host, id)).toEqual(["flaky cancelled"]);
  });

  it("suspend records a failure under it, with and without an attempt left, and resume makes the next", async () => {
    const { host: newHost, clock } = await open();
    const attempts: string[] = [];
    const failsLate = (name: string, retries: number): WorkflowDefinition<Trace> =>
      new WorkflowBuilder<Trace>()
        .thenFn("fails", async (ctx) => {
          attempts.push(`${name} ${ctx.attempt}`);
          await pause(clock, 1_000);
          if (ctx.attempt === 1) throw new Error("declined");
          return "done";
        })
        .onError(ErrorBehavior.retry({ interval: "1m", maxRetries: retries }))
        .output(trace)
        .build(name, 1);
    const definitions = [failsLate("retries", 1), failsLate("gives up", 0)] as const;
    const host = await newHost((h) => definitions.forEach((definition) => h.registerWorkflowDefinition(definition)));
    const ids = [await host.startWorkflow(definitions[0], { seen: [] }), await host.startWorkflow(definitions[1], { seen: [] })] as const;
    await clock.settle();
    for (const id of ids) await host.suspendWorkflow(id);

    await clock.advance("5m");
    expect(await statuses(host, ids[0])).toEqual(["fails sleeping"]);
    expect(await statuses(host, ids[1])).toEqual(["fails failed"]);
    for (const id of ids) {
      expect((await host.getWorkflow(id)).status).toBe("suspended");
      expect(await host.getErrors(id)).toMatchObject([{ attempt: 1, message: "declined" }]);
      await host.resumeWorkflow(id);
    }
    await clock.advance("1s");

    for (const id of ids) {
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["done"] } });
      expect(await host.getWorkflow(id)).not.toHaveProperty("error");
    }
    // Each in its order; two workflows have none between them.
    const attemptsOf = (name: string) => attempts.filter((attempt) => attempt.startsWith(name));
    expect(attemptsOf("retries")).toEqual(["retries 1", "retries 2"]);
    expect(attemptsOf("gives up")).toEqual(["gives up 1", "gives up 2"]);
  });

  it("resume after a step that has given up runs it again, and nothing that had ended while it was suspended", async () => {
    const { host: newHost, clock } = await open();
    const ran: string[] = [];
    const definition = new WorkflowBuilder<Trace>()
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .thenFn("fails", (ctx) => {
                ran.push(`fails ${ctx.attempt}`);
                if (ctx.attempt < 3) throw new Error("declined");
              })
              .onError(ErrorBehavior.suspend()),
          )
          .branch((b) =>
            b
              .thenFn("long", async (ctx) => {
                ran.push(`long ${ctx.attempt}`);
                await pause(clock, 10_000);
                return "long";
              })
              .output(trace)
              .thenFn("behind", () => void ran.push("behind")),
          ),
      )
      .build("siblings", 1);
    const host = await newHost(registers(definition));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.advance("5s");
    expect((await host.getWorkflow(id)).status).toBe("suspended");

    await host.resumeWorkflow(id); // while the sibling still runs: fails again
    await clock.advance("1m");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { seen: ["long"] }, error: { message: "declined" } });
    expect(await statuses(host, id)).toEqual(["parallel running", "fails failed", "long complete", "behind pending"]);
    expect(ran).toEqual(["fails 1", "long 1", "fails 2"]);
    await host.resumeWorkflow(id);
    await clock.settle();

    expect((await host.getWorkflow(id)).status).toBe("complete");
    expect([...ran].sort()).toEqual(["behind", "fails 1", "fails 2", "fails 3", "long 1"]);
  });

  it("suspend in the middle of a sequential forEach holds the next step and the next item, and resume goes on there", async () => {
    const { host: newHost, clock } = await open();
    const ran: string[] = [];
    const definition = items(clock, ran);
    const host = await newHost(registers(definition));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.advance(2_500); // the second item is being picked

    await host.suspendWorkflow(id);
    await clock.advance("1m");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { seen: ALL_ITEMS.slice(0, 3) } });
    await host.resumeWorkflow(id);
    await clock.advance(500);
    await host.suspendWorkflow(id); // while it is being packed: its end ends the iteration
    await clock.advance("1m");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { seen: ALL_ITEMS.slice(0, 4) } });
    expect(ran).toEqual(ALL_ITEMS.slice(0, 4));
    await host.resumeWorkflow(id);
    await clock.advance("4s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: [...ALL_ITEMS, "ship"] } });
    expect(ran).toEqual(ALL_ITEMS);
  });

  it("terminate in the middle of a sequential forEach keeps what was done, and does no more", async () => {
    const { host: newHost, clock } = await open();
    const ran: string[] = [];
    const definition = items(clock, ran);
    const host = await newHost(registers(definition));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.advance(2_500);

    await host.terminateWorkflow(id);
    await clock.advance("1m");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated", data: { seen: ALL_ITEMS.slice(0, 2) } });
    expect(ran).toEqual(ALL_ITEMS.slice(0, 3));
    expect(await statuses(host, id)).toEqual(["forEach cancelled", "pick complete", "pack complete", "pick cancelled"]);
  });
});
