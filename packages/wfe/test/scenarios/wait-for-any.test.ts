import { expect, it } from "vitest";
import { defineEvent, ErrorBehavior, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  key: string;
  got: unknown[];
}

const paid = defineEvent<number>("paid");
const refused = defineEvent<string>("refused");
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const keep = (value: unknown, data: Data): void => void data.got.push(value);
const fresh = (): Data => ({ key: "k", got: [] });
const seldom = { sweepInterval: "1d" } as const;

/** Waits for two of three events, after a while. */
const twice: WorkflowDefinition<Data> = w()
  .delay("1m")
  .waitForAny({ yes: { event: paid, key: (data) => data.key }, no: { event: refused, key: "k" } })
  .output(keep)
  .waitForAny({ yes: { event: paid, key: "k" }, no: { event: refused, key: (data) => data.key } })
  .output(keep)
  .build("twice", 1);

scenarios("waitForAny", (open) => {
  it("goes on with the first of its events, and leaves the others to later waits", async () => {
    const { host: newHost, clock, record } = await open();
    const host = await newHost(registers(twice), seldom);
    const events = record(host);
    const id = await host.startWorkflow(twice, fresh());
    await clock.advance("1m");

    await host.publishEvent(refused, "other", "not this key");
    await host.publishEvent(refused, "k", "no money");
    await clock.settle();
    expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { got: [{ first: "no", data: "no money" }] } });
    await host.publishEvent(paid, "k", 7);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({
      status: "complete",
      data: {
        got: [
          { first: "no", data: "no money" },
          { first: "yes", data: 7 },
        ],
      },
    });
    expect(events.flatMap((event) => ("step" in event && event.step !== "delay" ? [`${event.type} ${event.attempt}`] : []))).toEqual([
      "stepStarted 1",
      "stepCompleted 1",
      "stepStarted 1",
      "stepCompleted 1",
    ]);
  });

  it("takes the earlier of those that are there already, by their time, then by their arrival", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(registers(twice), seldom);
    const byTime = await host.startWorkflow(twice, { key: "k", got: [] });
    const at = clock.now();
    await host.publishEvent(paid, "k", 2, { time: new Date(at - 1_000) });
    await host.publishEvent(refused, "k", "1", { time: new Date(at - 2_000) });
    await clock.advance("1m");
    expect(((await host.getWorkflow(byTime)).data as Data).got).toEqual([
      { first: "no", data: "1" },
      { first: "yes", data: 2 },
    ]);

    const byArrival = await host.startWorkflow(twice, { key: "k", got: [] });
    await host.publishEvent(refused, "k", "first", { time: new Date(at) });
    await host.publishEvent(paid, "k", 2, { time: new Date(at) });
    await clock.advance("1m");

    expect(((await host.getWorkflow(byArrival)).data as Data).got).toEqual([
      { first: "no", data: "first" },
      { first: "yes", data: 2 },
    ]);
  });

  it("takes what came first while the instance was suspended", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(registers(twice), seldom);
    const id = await host.startWorkflow(twice, fresh());
    await clock.advance("1m");
    await host.suspendWorkflow(id);
    await host.publishEvent(refused, "k", "1");
    await clock.settle();
    await host.publishEvent(paid, "k", 2);
    await clock.settle();
    expect(((await host.getWorkflow(id)).data as Data).got).toEqual([]);

    await host.resumeWorkflow(id);
    await clock.settle();

    expect(((await host.getWorkflow(id)).data as Data).got).toEqual([
      { first: "no", data: "1" },
      { first: "yes", data: 2 },
    ]);
  });

  it("gives one event that two of its labels wait for under the label that was named first", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .waitForAny({ b: { event: paid, key: "k" }, a: { event: paid, key: (data) => data.key } })
      .output(keep)
      .waitFor(paid, "k")
      .output(keep)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const id = await host.startWorkflow(definition, fresh());
    await clock.settle();

    await host.publishEvent(paid, "k", 1);
    await clock.settle();
    await host.publishEvent(paid, "k", 2);
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: [{ first: "b", data: 1 }, 2] } });
  });

  it("may have any labels, and events without a payload", async () => {
    const { host: newHost, clock } = await open();
    const labels = ["constructor", "toString", "", "a/b", "0"];
    const definition = w()
      .forEach(
        () => labels,
        (b) =>
          b
            .waitForAny({
              constructor: { event: "constructor", key: "" },
              toString: { event: "toString", key: () => "" },
              "": { event: "e", key: "" },
              "a/b": { event: "a/b", key: "" },
              0: { event: "0", key: "" },
            })
            .output(keep),
        { parallel: false },
      )
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const id = await host.startWorkflow(definition, fresh());

    for (const label of labels) {
      await clock.settle();
      await host.publishEvent(label === "" ? "e" : label, "", null);
    }
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: labels.map((first) => ({ first, data: null })) } });
  });

  it("ends at its limit: with its block, without one as a failure, and its events stay", async () => {
    const { host: newHost, clock } = await open();
    const joins = w()
      .waitForAny({ yes: { event: paid, key: "k" }, no: { event: refused, key: "k" } }, { timeout: "1m" })
      .output(keep)
      .onTimeout((b) => b.thenFn("late", () => "late").output(keep))
      .waitFor(paid, "k")
      .output(keep)
      .build("joins", 1);
    const fails = w()
      .waitForAny({ yes: { event: paid, key: "k" }, no: { event: refused, key: "k" } }, { timeout: () => "1m" })
      .output(keep)
      .onError(ErrorBehavior.retry({ interval: "1m", maxRetries: 1 }))
      .build("fails", 1);
    const host = await newHost(registers(joins, fails), seldom);
    const ids = [await host.startWorkflow(joins, fresh()), await host.startWorkflow(fails, fresh())] as const;

    await clock.advance("90s");
    await host.publishEvent(paid, "k", 1);
    await clock.advance("30s");

    expect(await host.getWorkflow(ids[0])).toMatchObject({ status: "complete", data: { got: ["late", 1] } });
    expect(await host.getWorkflow(ids[1])).toMatchObject({ status: "complete", data: { got: [{ first: "yes", data: 1 }] } });
    expect(await host.getErrors(ids[1])).toMatchObject([{ code: "WFE_TIMEOUT", attempt: 1 }]);
  });

  it("counts from its effective date, whenever its events were stored", async () => {
    const { host: newHost, clock } = await open();
    const at = clock.now();
    const definition = w()
      .waitForAny({ yes: { event: paid, key: "k" }, no: { event: refused, key: "k" } }, { effectiveDate: () => new Date(at + 10) })
      .output(keep)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    await host.publishEvent(paid, "k", 1, { time: new Date(at + 9) });
    await host.publishEvent(refused, "k", "2", { time: new Date(at + 10) });
    await clock.advance(20);

    const id = await host.startWorkflow(definition, fresh());
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: [{ first: "no", data: "2" }] } });
  });
});
