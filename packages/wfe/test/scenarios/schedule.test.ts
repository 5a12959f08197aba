import { expect, it } from "vitest";
import { ErrorBehavior, WorkflowBuilder } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  minutes: number;
  seen: string[];
}

const add = (text: string, data: Data): void => void data.seen.push(text);
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const fresh = (): Data => ({ minutes: 5, seen: [] });
const seldom = { sweepInterval: "1d" } as const;

scenarios("a schedule", (open) => {
  it("lets the flow go on at once and runs its block after its time, once; the instance does not end before it", async () => {
    const { host: newHost, clock, record } = await open();
    const definition = w()
      .schedule("10m", (b) =>
        b
          .thenFn("later", () => "later")
          .output(add)
          .delay("1m")
          .thenFn("last", () => "last")
          .output(add),
      )
      .thenFn("at once", () => "at once")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const events = record(host);
    const id = await host.startWorkflow(definition, fresh());

    await clock.advance(599_999);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { seen: ["at once"] }, dueAt: new Date(clock.now() + 1) });
    await clock.advance(1);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { seen: ["at once", "later"] } });
    await clock.advance("1m");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["at once", "later", "last"] } });
    expect((await host.getHistory(id)).map(({ stepName, status }) => [stepName, status])).toEqual([
      ["schedule", "complete"],
      ["at once", "complete"],
      ["later", "complete"],
      ["delay", "complete"],
      ["last", "complete"],
    ]);
    expect(events.flatMap((event) => ("step" in event && event.type === "stepStarted" ? [event.step] : []))).toEqual([
      "at once",
      "later",
      "delay",
      "last",
    ]);
  });

  it("selects its time once, from the data of the moment it begins, and begins with those of the moment it runs", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .schedule(
        (data) => data.minutes * 60_000,
        (b) => b.thenFn("later", (ctx) => `minutes are ${ctx.data.minutes}`).output(add),
      )
      .thenFn("changes", () => 99)
      .saveAs("minutes")
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("5m");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["minutes are 99"] } });
  });

  it("of no time at all runs in the same pass, beside what follows", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .schedule(0, (b) => b.thenFn("block", () => "block").output(add))
      .thenFn("behind", () => "behind")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.settle();

    const { status, data } = await host.getWorkflow(id);
    expect([status, (data as Data).seen.toSorted()]).toEqual(["complete", ["behind", "block"]]);
  });

  it("may be the last step, the only one, and stand in another's block", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .schedule("1m", (b) => b.schedule("1m", (c) => c.thenFn("inner", () => "inner").output(add)))
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance(119_999);
    expect((await host.getWorkflow(id)).status).toBe("runnable");
    await clock.advance(1);

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["inner"] } });
  });

  it("keeps its time over a suspension, and one that passed meanwhile is due at once", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .schedule("10m", (b) => b.thenFn("soon", () => "soon").output(add))
      .schedule("30m", (b) => b.thenFn("later", () => "later").output(add))
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("1m");
    expect(await host.suspendWorkflow(id)).toBe(true);
    await clock.advance("19m");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { seen: [] } });

    await host.resumeWorkflow(id);
    await clock.settle();
    expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { seen: ["soon"] } });
    await clock.advance("10m");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["soon", "later"] } });
  });

  it("is run by the host that is there at its time", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .schedule("10m", (b) => b.thenFn("later", () => "later").output(add))
      .thenFn("behind", () => "behind")
      .output(add)
      .build("w", 1);
    const first = await newHost(registers(definition), seldom);
    const id = await first.startWorkflow(definition, fresh());
    await clock.advance("1m");
    await first.stop();
    await clock.advance("1h");

    const second = await newHost(registers(definition), seldom);
    await clock.settle();

    expect(await second.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["behind", "later"] } });
  });

  it("whose time cannot be selected is retried before the flow goes on, and a negative one is not", async () => {
    const { host: newHost, clock } = await open();
    let asked = 0;
    const retried = w()
      .schedule(
        () => {
          asked += 1;
          if (asked === 1) throw new Error("once");
          return "1m";
        },
        (b) => b.thenFn("block", () => "block").output(add),
      )
      .onError(ErrorBehavior.retry({ interval: "10s" }))
      .thenFn("behind", () => "behind")
      .output(add)
      .build("retried", 1);
    const negative = w()
      .schedule(
        () => -1,
        (b) => b.thenFn("block", () => {}),
      )
      .build("negative", 1);
    const host = await newHost(registers(retried, negative), seldom);
    const ids = [await host.startWorkflow(retried, fresh()), await host.startWorkflow(negative, fresh())] as const;

    await clock.advance("9s");
    expect(await host.getWorkflow(ids[0])).toMatchObject({ data: { seen: [] } });
    await clock.advance("61s");

    expect(await host.getWorkflow(ids[0])).toMatchObject({ status: "complete", data: { seen: ["behind", "block"] } });
    expect(await host.getWorkflow(ids[1])).toMatchObject({ status: "suspended" });
    expect(await host.getErrors(ids[1])).toHaveLength(1);
  });

  it("whose block fails holds the instance, while the flow behind it went on before", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .schedule("1m", (b) =>
        b
          .thenFn("fails", (ctx) => {
            if (ctx.attempt === 1) throw new Error("once");
            return "mended";
          })
          .output(add)
          .onError(ErrorBehavior.suspend()),
      )
      .thenFn("behind", () => "behind")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("1m");
    expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { seen: ["behind"] } });

    await host.resumeWorkflow(id);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["behind", "mended"] } });
  });
});
