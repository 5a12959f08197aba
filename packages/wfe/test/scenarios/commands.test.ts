import { expect, it } from "vitest";
import { CancelledError, type Clock, WorkflowBuilder, type WorkflowDefinition, type WorkflowHost, WorkflowNotFoundError } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Trace {
  seen: string[];
}

const trace = (text: string, data: Trace): void => void data.seen.push(text);
const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

const waiting: WorkflowDefinition<Trace> = new WorkflowBuilder<Trace>().waitFor<string>("told", "k").output(trace).build("waiting", 1);

/** Steps of ten seconds, one behind the other; `ran` gets the name of each as it starts. */
function chain(clock: Clock, names: readonly string[], ran: string[]): WorkflowDefinition<Trace> {
  let builder = new WorkflowBuilder<Trace>().thenFn("first", () => {});
  for (const name of names) {
    builder = builder
      .thenFn(name, async () => {
        ran.push(name);
        await pause(clock, 10_000);
        return name;
      })
      .output(trace) as never; // the type of the value, which the next step does not need
  }
  return builder.build("chain", 1);
}

/** Name and status of each pointer. */
async function statuses(host: WorkflowHost, id: string): Promise<readonly string[]> {
  return (await host.getHistory(id)).map(({ stepName, status }) => `${stepName} ${status}`);
}

scenarios("commands", (open) => {
  it("do something in the right status only, and say so", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(registers(waiting));
    const inStatus = {
      runnable: () => Promise.resolve(),
      suspended: async (id: string) => void (await host.suspendWorkflow(id)),
      complete: async (id: string) => {
        await host.publishEvent("told", "k", "end");
        await clock.settle();
        expect((await host.getWorkflow(id)).status).toBe("complete");
      },
      terminated: async (id: string) => void (await host.terminateWorkflow(id)),
    };
    const done: Record<string, readonly [answer: boolean, status: string]> = {};

    for (const [status, bring] of Object.entries(inStatus)) {
      for (const verb of ["suspend", "resume", "terminate"] as const) {
        const id = await host.startWorkflow(waiting, { seen: [] });
        await clock.settle();
        await bring(id);
        done[`${verb} when ${status}`] = [await host[`${verb}Workflow`](id), (await host.getWorkflow(id)).status];
        await host.terminateWorkflow(id);
      }
    }

    expect(done).toEqual({
      "suspend when runnable": [true, "suspended"],
      "resume when runnable": [false, "runnable"],
      "terminate when runnable": [true, "terminated"],
      "suspend when suspended": [false, "suspended"],
      "resume when suspended": [true, "runnable"],
      "terminate when suspended": [true, "terminated"],
      "suspend when complete": [false, "complete"],
      "resume when complete": [false, "complete"],
      "terminate when complete": [false, "complete"],
      "suspend when terminated": [false, "terminated"],
      "resume when terminated": [false, "terminated"],
      "terminate when terminated": [false, "terminated"],
    });
  });

  it("take a name wherever they take an id, and reject for an instance that is not there", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(registers(waiting));
    const id = await host.startWorkflow(waiting, { seen: [] }, { name: "The one" });
    const other = await host.startWorkflow(waiting, { seen: [] });
    await clock.settle();

    expect(await host.suspendWorkflow("The one")).toBe(true);
    expect(await host.resumeWorkflow("The one")).toBe(true);
    expect(await host.terminateWorkflow("The one")).toBe(true);
    for (const unknown of [host.suspendWorkflow("the one"), host.resumeWorkflow(""), host.terminateWorkflow("waiting-99")]) {
      await expect(unknown).rejects.toBeInstanceOf(WorkflowNotFoundError);
      await expect(unknown).rejects.toMatchObject({ code: "WFE_WORKFLOW_NOT_FOUND" });
    }

    expect((await host.getWorkflow(id)).status).toBe("terminated");
    expect((await host.getWorkflow(other)).status).toBe("runnable");
  });

  it("suspend lets running bodies finish and commits their results, and nothing is started until resume", async () => {
    const { host: newHost, clock } = await open();
    const ran: string[] = [];
    const step = (name: string, ms: number) => async (): Promise<string> => {
      ran.push(name);
      await pause(clock, ms);
      return name;
    };
    const definition = new WorkflowBuilder<Trace>()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("left 1", step("left 1", 1_000)).output(trace).thenFn("left 2", step("left 2", 1_000)).output(trace))
          .branch((b) => b.thenFn("right 1", step("right 1", 5_000)).output(trace).thenFn("right 2", step("right 2", 1_000)).output(trace))
          .branch((b) => b.delay("2s").thenFn("third", step("third", 1_000)).output(trace)),
      )
      .build("branches", 1);
    const host = await newHost(registers(definition));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.settle();

    await host.suspendWorkflow(id);
    await clock.advance("5m");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { seen: ["left 1", "right 1"] } });
    expect(await statuses(host, id)).toEqual([
      "parallel running",
      "left 1 complete",
      "right 1 complete",
      "delay sleeping",
      "left 2 pending",
      "right 2 pending",
    ]);
    expect(ran).toEqual(["left 1", "right 1"]);
    await host.resumeWorkflow(id);
    await clock.advance("1s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete" });
    expect([...ran].sort()).toEqual(["left 1", "left 2", "right 1", "right 2", "third"]);
  });

  it("suspend keeps the instance suspended when its last step ends under it, and resume completes it", async () => {
    const { host: newHost, clock } = await open();
    const ran: string[] = [];
    const definition = chain(clock, ["last"], ran);
    const host = await newHost(registers(definition));
    const watches = new WorkflowBuilder<Trace>()
      .waitFor("wfe.workflow.completed", "x")
      .output((_, data) => void data.seen.push("x is over"))
      .build("watches", 1);
    host.registerWorkflowDefinition(watches);
    const watcher = await host.startWorkflow(watches, { seen: [] });
    const id = await host.startWorkflow(definition, { seen: [] }, { id: "x" });
    await clock.advance("1s");

    await host.suspendWorkflow(id);
    await clock.advance("1m");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { seen: ["last"] } });
    expect(await host.getWorkflow(id)).not.toHaveProperty("completedAt");
    expect(await statuses(host, id)).toEqual(["first complete", "last complete"]);
    expect((await host.getWorkflow(watcher)).status).toBe("runnable");
    await host.resumeWorkflow(id);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", completedAt: new Date(clock.now()) });
    expect(await host.getWorkflow(watcher)).toMatchObject({ status: "complete", data: { seen: ["x is over"] } });
    expect(ran).toEqual(["last"]);
  });

  it("suspend holds a sleep, whose time may pass meanwhile: resume then goes on at once, else at that time", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Trace>()
      .delay("10m")
      .thenFn("awake", () => "awake")
      .output(trace)
      .build("sleeps", 1);
    const host = await newHost(registers(definition), { sweepInterval: "10s" });
    const ids = [await host.startWorkflow(definition, { seen: [] }), await host.startWorkflow(definition, { seen: [] })] as const;
    const [early, late] = ids;
    await clock.advance("1m");
    for (const id of ids) expect(await host.suspendWorkflow(id)).toBe(true);

    await clock.advance("1m");
    await host.resumeWorkflow(early);
    await clock.advance(479_999);
    for (const id of ids) expect((await host.getWorkflow(id)).data).toEqual({ seen: [] });
    await clock.advance(1);
    expect(await host.getWorkflow(early)).toMatchObject({ status: "complete", data: { seen: ["awake"] } });
    await clock.advance("10m");
    expect(await host.getWorkflow(late)).toMatchObject({ status: "suspended", data: { seen: [] } });
    await host.resumeWorkflow(late);
    await clock.settle();

    expect(await host.getWorkflow(late)).toMatchObject({ status: "complete", data: { seen: ["awake"] } });
  });

  it("suspend holds a start that is still to come, and resume brings it no earlier", async () => {
    const { host: newHost, clock } = await open();
    const ran: string[] = [];
    const definition = chain(clock, ["one"], ran);
    const host = await newHost(registers(definition));
    const startAt = new Date(clock.now() + 60_000);
    const ids = [await host.startWorkflow(definition, { seen: [] }, { startAt }), await host.startWorkflow(definition, { seen: [] }, { startAt })];
    for (const id of ids) expect(await host.suspendWorkflow(id)).toBe(true);

    await clock.advance("30s");
    await host.resumeWorkflow(ids[0] ?? "");
    await clock.advance(29_999);
    expect(ran).toEqual([]);
    await clock.advance(1);
    expect(ran).toEqual(["one"]);
    await clock.advance("5m");
    expect(ran).toEqual(["one"]);
    await host.resumeWorkflow(ids[1] ?? "");
    await clock.advance("10s");

    for (const id of ids) expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["one"] } });
  });

  it("terminate aborts running bodies and says why; their late results, and what would follow, are dropped", async () => {
    const { host: newHost, clock } = await open();
    const reasons: unknown[] = [];
    const definition = new WorkflowBuilder<Trace>()
      .thenFn("before", () => "before")
      .output(trace)
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .thenFn("deaf", async (ctx) => {
                ctx.signal.addEventListener("abort", () => reasons.push(ctx.signal.reason));
                await pause(clock, 20_000);
                return "late";
              })
              .output(trace),
          )
          .branch((b) =>
            b.thenFn("hears", async (ctx) => {
              await new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error)));
            }),
          )
          .branch((b) => b.delay("5m"))
          .branch((b) => b.waitFor("told", "k")),
      )
      .thenFn("after", () => "after")
      .output(trace)
      .build("bodies", 1);
    const host = await newHost(registers(definition));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.advance("1s");
    const at = new Date(clock.now());

    expect(await host.terminateWorkflow(id)).toBe(true);
    await clock.advance("5m");

    expect(reasons).toEqual([expect.any(CancelledError)]);
    expect(reasons).toMatchObject([{ reason: "terminated" }]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated", data: { seen: ["before"] }, completedAt: at });
    expect(await host.getWorkflow(id)).not.toHaveProperty("error");
    expect(await host.getErrors(id)).toEqual([]);
    expect(await statuses(host, id)).toEqual([
      "before complete",
      "parallel cancelled",
      "deaf cancelled",
      "hears cancelled",
      "delay cancelled",
      "waitFor told cancelled",
    ]);
  });

  it("terminate ends a suspended instance too, whose body is still running", async () => {
    const { host: newHost, clock } = await open();
    const ran: string[] = [];
    const definition = chain(clock, ["one", "two"], ran);
    const host = await newHost(registers(definition));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.advance("1s");

    await host.suspendWorkflow(id);
    await clock.settle();
    await host.terminateWorkflow(id);
    await clock.advance("1m");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated", data: { seen: [] } });
    expect(await statuses(host, id)).toEqual(["first complete", "one cancelled"]);
    expect(ran).toEqual(["one"]);
  });
});
