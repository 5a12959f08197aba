import { expect, it } from "vitest";
import { type Clock, ErrorBehavior, WorkflowBuilder, type WorkflowHost } from "../../src/index.ts";
import { endEventId, registers, scenarios } from "./scenario.ts";

interface Data {
  seen: string[];
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
const trace = (text: string, data: Data): void => void data.seen.push(text);
const statuses = async (host: WorkflowHost, id: string): Promise<readonly string[]> =>
  (await host.getHistory(id)).map(({ stepName, status }) => `${stepName} ${status}`);

/** Fails after a second as long as it is broken, and terminates. */
const failing = (clock: Clock, state: { broken: boolean }) => async (): Promise<string> => {
  await pause(clock, 1_000);
  if (state.broken) throw new Error("declined");
  return "mended";
};

scenarios("retryWorkflow of a terminated instance", (open) => {
  it("runs the failed step again, and nothing before it, and is told a second time when it ends", async () => {
    const { host: newHost, clock, record } = await open();
    const state = { broken: true };
    const ran: string[] = [];
    const definition = new WorkflowBuilder<Data>()
      .thenFn("before", () => void ran.push("before"))
      .thenFn("fails", failing(clock, state))
      .onError(ErrorBehavior.terminate())
      .output(trace)
      .thenFn("behind", () => void ran.push("behind"))
      .build("w", 1);
    const host = await newHost(registers(definition));
    const events = record(host);
    const id = await host.startWorkflow(definition, { seen: [] });
    const first = host.waitForWorkflow(id);
    await clock.advance("1s");
    expect(await first).toMatchObject({ status: "terminated", error: { message: "declined" } });
    const told = await host.getEvent(endEventId(await host.getWorkflow(id)));

    state.broken = false;
    expect(await host.retryWorkflow(id)).toBe(true);
    const again = await host.getWorkflow(id);
    expect(again.status).toBe("runnable");
    expect(again).not.toHaveProperty("completedAt");
    expect(again).not.toHaveProperty("error");
    const second = host.waitForWorkflow(id);
    await clock.advance("1s");

    expect(await second).toMatchObject({ status: "complete", data: { seen: ["mended"] }, completedAt: new Date(clock.now()) });
    expect(ran).toEqual(["before", "behind"]);
    expect(events.map(({ type }) => type).filter((type) => !/^(step|error)/.test(type))).toEqual(["started", "terminated", "resumed", "completed"]);
    expect(await host.getEvent(endEventId(again))).toEqual(told);
    expect(await host.getEvent(endEventId(again, 1))).toMatchObject({ key: id, data: { status: "complete", data: { seen: ["mended"] } } });
    expect(await host.retryWorkflow(id)).toBe(false); // complete
    expect((await host.getErrors(id)).map(({ attempt }) => attempt)).toEqual([1]);
  });

  it("may fail and be retried again and again, each time with all its retries", async () => {
    const { host: newHost, clock } = await open();
    let attempts = 0;
    const definition = new WorkflowBuilder<Data>()
      .thenFn("fails", () => {
        attempts += 1;
        if (attempts < 9) throw new Error(`no ${attempts}`);
      })
      .onError(ErrorBehavior.retry({ interval: "1s", maxRetries: 1, onExhausted: "terminate" }))
      .build("w", 1);
    const host = await newHost(registers(definition));
    const id = await host.startWorkflow(definition, { seen: [] });

    for (let round = 1; round < 5; round += 1) {
      await clock.advance("2s");
      expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated", error: { message: `no ${2 * round}` } });
      expect(await host.retryWorkflow(id)).toBe(true);
    }
    await clock.settle();

    expect((await host.getWorkflow(id)).status).toBe("complete");
    expect(attempts).toBe(9);
  });

  it("runs on inside containers in containers, and joins each once", async () => {
    const { host: newHost, clock } = await open();
    const state = { broken: true };
    const definition = new WorkflowBuilder<Data>()
      .ifDo(
        () => true,
        (b) =>
          b
            .forEach(
              () => [0, 1],
              (c) =>
                c
                  .whileDo(
                    (data) => !data.seen.includes("mended"),
                    (d) => d.thenFn("fails", failing(clock, state)).onError(ErrorBehavior.terminate()).output(trace),
                  )
                  .thenFn("behind while", (ctx) => `while ${ctx.index}`)
                  .output(trace),
              { parallel: false },
            )
            .thenFn("behind forEach", () => "forEach")
            .output(trace),
      )
      .thenFn("behind if", () => "if")
      .output(trace)
      .build("w", 1);
    const host = await newHost(registers(definition));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.advance("1s");
    expect(await statuses(host, id)).toEqual(["ifDo cancelled", "forEach cancelled", "whileDo cancelled", "fails failed"]);

    state.broken = false;
    await host.retryWorkflow(id);
    await clock.advance("1s");

    expect(await host.getWorkflow(id)).toMatchObject({
      status: "complete",
      data: { seen: ["mended", "while 0", "while 1", "forEach", "if"] },
    });
  });

  it("is refused for one that was terminated by a command, for one that is complete or running, and for a child; unknown ids are told", async () => {
    const { host: newHost, clock } = await open();
    const child = new WorkflowBuilder<Data>()
      .thenFn("fails", () => {
        throw new Error("declined");
      })
      .onError(ErrorBehavior.terminate())
      .build("child", 1);
    const parent = new WorkflowBuilder<Data>().subWorkflow(child, (data) => data).build("parent", 1);
    const waiting = new WorkflowBuilder<Data>().waitFor("go", "k").build("waiting", 1);
    const host = await newHost((h) => [child, parent, waiting].forEach((one) => h.registerWorkflowDefinition(one)));
    const parentId = await host.startWorkflow(parent, { seen: [] });
    const terminated = await host.startWorkflow(waiting, { seen: [] });
    await clock.settle();
    expect(await host.retryWorkflow(terminated)).toBe(false);
    await host.terminateWorkflow(terminated);
    const [childRow] = (await host.listWorkflows({ definitionId: "child" })).items;

    expect(await host.retryWorkflow(terminated)).toBe(false);
    expect(childRow?.status).toBe("terminated");
    expect(await host.retryWorkflow(childRow?.id ?? "")).toBe(false);
    for (const verb of ["suspendWorkflow", "resumeWorkflow", "terminateWorkflow", "retryWorkflow"] as const) {
      await expect(host[verb]("nobody")).rejects.toMatchObject({ code: "WFE_WORKFLOW_NOT_FOUND" });
    }
    expect((await host.getWorkflow(parentId)).status).toBe("suspended");
  });

  it("of a saga that terminates once it is compensated runs the saga anew, and a saga beside it goes on being undone", async () => {
    const { host: newHost, clock } = await open();
    const state = { broken: true };
    const ran: string[] = [];
    const definition = new WorkflowBuilder<Data>()
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .saga((s) =>
                s
                  .thenFn("book", () => void ran.push("book"))
                  .compensateWithFn("unbook", () => void ran.push("unbook"))
                  .thenFn("pay", failing(clock, state)),
              )
              .onError(ErrorBehavior.terminate())
              .thenFn("booked", () => "booked")
              .output(trace),
          )
          .branch((b) =>
            b
              .saga((s) =>
                s
                  .thenFn("hire", () => void ran.push("hire"))
                  .compensateWithFn("fire", async () => {
                    ran.push("fire");
                    await pause(clock, 2_000);
                  })
                  .thenFn("lose", () => {
                    throw new Error("lost");
                  })
                  .onError(ErrorBehavior.compensate()),
              )
              .thenFn("fired", () => "fired")
              .output(trace),
          ),
      )
      .build("w", 1);
    const host = await newHost(registers(definition));
    const id = await host.startWorkflow(definition, { seen: [] });
    await clock.advance("1s");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "terminated" });

    state.broken = false;
    expect(await host.retryWorkflow(id)).toBe(true);
    await clock.advance("1m");

    expect((await host.getWorkflow(id)).status).toBe("complete");
    expect(new Set((await host.getWorkflow(id)).data.seen)).toEqual(new Set(["booked", "fired"]));
    expect(ran.filter((name) => name === "hire")).toHaveLength(1);
    expect(ran.filter((name) => name === "fire")).toHaveLength(2); // it was running when the other saga ended the instance
    expect(ran.filter((name) => name === "book" || name === "unbook")).toEqual(["book", "unbook", "book"]);
  });
});
