import { expect, it } from "vitest";
import { type Clock, defineEvent, WorkflowBuilder } from "../../src/index.ts";
import { meeting } from "../replacing.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  n: number;
  off: boolean;
  seen: string[];
}

const told = defineEvent<string>("told");
const add = (text: string, data: Data): void => void data.seen.push(text);
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const fresh = (): Data => ({ n: 0, off: false, seen: [] });
const seldom = { sweepInterval: "1d" } as const;
const later = <T>(clock: Clock, ms: number, value: T): Promise<T> => new Promise((resolve) => void clock.setTimer(ms, () => resolve(value)));

scenarios("at the same instant", (open) => {
  it("a recurrence is due and told to end: its run does not begin, or is called off", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("off", () => later(clock, 10_000, true)).saveAs("off"))
          .branch((b) =>
            b.recur(
              "10s",
              (data) => data.off,
              (c) =>
                c
                  .delay(1)
                  .thenFn("count", (ctx) => ctx.data.n + 1)
                  .saveAs("n"),
            ),
          ),
      )
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("10s");
    const instance = await host.getWorkflow(id);
    await clock.advance("1m");

    expect(instance).toMatchObject({ status: "complete", data: { n: 1 } });
  });

  it("a scheduled block is due and its fork cancelled: it does not run to its end", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .schedule("10s", (b) =>
        b
          .delay(1)
          .thenFn("never", () => "never")
          .output(add),
      )
      .cancelWhen((data) => data.off)
      .thenFn("off", () => later(clock, 10_000, true))
      .saveAs("off")
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("1m");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: [] } });
  });

  it("a wait ends and its event comes while the commit of that is under way: the event wins, for one of several too", async () => {
    const { build, host: newHost, store, clock } = await open();
    const definition = w()
      .waitForAny({ a: { event: told, key: "a" }, b: { event: told, key: "b" } }, { timeout: "1h" })
      .output((value, data) => add(`${value.first} ${value.data}`, data))
      .onTimeout((b) => b.thenFn("late", () => "late").output(add))
      .thenFn("after", () => "after")
      .output(add)
      .build("w", 1);
    const publisher = await newHost(undefined, { sweepInterval: "1h" });
    const deliver = async (): Promise<void> => {
      const id = await publisher.publishEvent(told, "b", "in time");
      for (let turn = 0; turn < 1_000 && !(await publisher.getEvent(id)).delivered; turn += 1)
        await new Promise<void>((resolve) => clock.defer(resolve));
    };
    const providers = meeting(store.open(), ({ closeSubscriptions }) => closeSubscriptions.length > 0, "before", deliver);
    const host = build(registers(definition), { sweepInterval: "1h" }, providers);
    await host.start();

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("1h");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["b in time", "after"] } });
    expect((await host.getHistory(id)).map(({ stepName }) => stepName)).toEqual(["waitForAny told, told", "after"]);
  });

  it("a wait is cancelled and its event comes while the commit of that is under way: it stays cancelled, and the event stays for the next", async () => {
    const { build, host: newHost, store, clock } = await open();
    const definition = w()
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .delay("1m")
              .thenFn("off", () => true)
              .saveAs("off"),
          )
          .branch((b) =>
            b
              .waitFor(told, "a")
              .cancelWhen((data) => data.off, { proceed: true })
              .waitFor(told, "a")
              .output(add),
          ),
      )
      .build("w", 1);
    const publisher = await newHost(undefined, { sweepInterval: "1h" });
    const deliver = async (): Promise<void> => {
      const id = await publisher.publishEvent(told, "a", "kept");
      for (let turn = 0; turn < 1_000 && !(await publisher.getEvent(id)).delivered; turn += 1)
        await new Promise<void>((resolve) => clock.defer(resolve));
    };
    const providers = meeting(store.open(), ({ closeSubscriptions }) => closeSubscriptions.length > 0, "before", deliver);
    const host = build(registers(definition), { sweepInterval: "1h" }, providers);
    await host.start();

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("1m");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["kept"] } });
    expect((await host.getHistory(id)).flatMap(({ stepName, status }) => (stepName === "waitFor told" ? [status] : []))).toEqual([
      "cancelled",
      "complete",
    ]);
  });

  it("a command suspends the instance while forks end and jumps are under way: what is due waits, and nothing is there twice", async () => {
    const { build, store, clock, client: newClient } = await open();
    const definition = w()
      .recur(
        "10s",
        (data) => data.n >= 4,
        (b) => b.thenFn("run", () => "run").output(add),
      )
      .thenFn("again", (ctx) => ctx.data.n + 1)
      .id("again")
      .saveAs("n")
      .schedule("2s", (b) => b.thenFn("scheduled", () => "scheduled").output(add))
      .delay("5s")
      .ifDo(
        (data) => data.n < 4,
        (b) => b.goTo("again"),
      )
      .build("w", 1);
    const client = await newClient();
    for (const closes of ["delay", "recur", "schedule", "goTo again", "ifDo"]) {
      const id = `suspended with ${closes}`;
      const providers = meeting(
        store.open(),
        ({ workflowId, pointers }) => workflowId === id && pointers.some(({ stepName, status }) => stepName === closes && status === "complete"),
        "before",
        () => client.suspendWorkflow(id),
      );
      const host = build(registers(definition), seldom, providers);
      await host.start();
      await host.startWorkflow(definition, fresh(), { id });
      await clock.advance("1m");
      expect((await host.getWorkflow(id)).status).toBe("suspended");

      await host.resumeWorkflow(id);
      await clock.advance("1m");

      const { status, data } = await host.getWorkflow(id);
      const { n, seen } = data as Data;
      expect([closes, status, n, seen.filter((text) => text === "scheduled").length]).toEqual([closes, "complete", 4, 4]);
      const history = await host.getHistory(id);
      expect([
        closes,
        history.filter(({ stepName }) => stepName === "again").length,
        history.filter(({ stepName }) => stepName === "recur").length,
      ]).toEqual([closes, 4, 1]);
      await host.stop();
    }
  });

  it("one of two hosts is lost in a run of a recurrence: the other runs that again, and the grid goes on", async () => {
    const { host: newHost, clock } = await open();
    const start = clock.now();
    const runs: (readonly [number, number])[] = [];
    const definition = w()
      .recur(
        "10s",
        (data) => data.n >= 3,
        (b) =>
          b
            .thenFn("run", (ctx) => {
              runs.push([(clock.now() - start) / 1_000, ctx.attempt]);
              return ctx.data.n === 1 && ctx.attempt === 1 ? new Promise<number>(() => {}) : ctx.data.n + 1;
            })
            .saveAs("n"),
      )
      .build("w", 1);
    const first = await newHost(registers(definition), seldom);
    const id = await first.startWorkflow(definition, fresh());
    await clock.advance("12s");
    const second = await newHost(registers(definition), { sweepInterval: "1s" });
    await first.stop({ timeout: 0 });

    await clock.advance("1m");

    expect(await second.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 3 } });
    expect(runs.map(([, attempt]) => attempt)).toEqual([1, 1, 2, 1]);
    expect(runs.at(-1)).toEqual([20, 1]);
  });
});
