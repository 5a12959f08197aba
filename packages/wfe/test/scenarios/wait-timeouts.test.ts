import { expect, it } from "vitest";
import { defineEvent, ErrorBehavior, type Providers, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { meeting } from "../replacing.ts";
import { registers, scenarios } from "./scenario.ts";

interface Got {
  got: string[];
}

const told = defineEvent<string>("told");
const keep = (text: string, data: Got): void => void data.got.push(text);

/** A wait of an hour with a block behind its limit, then a step, each of which says so. */
const limited: WorkflowDefinition<Got> = new WorkflowBuilder<Got>()
  .waitFor(told, "k", { timeout: "1h" })
  .onTimeout((b) =>
    b
      .thenFn("late 1", () => "late 1")
      .output(keep)
      .thenFn("late 2", () => "late 2")
      .output(keep),
  )
  .thenFn("joined", () => "joined")
  .output(keep)
  .build("limited", 1);

/** A wait of an hour without such a block; its definition would retry whatever fails. */
function unforgiving(behavior?: ErrorBehavior): WorkflowDefinition<Got> {
  const wait = new WorkflowBuilder<Got>()
    .defaultErrorBehavior(ErrorBehavior.retry({ interval: "1m", maxRetries: 5 }))
    .waitFor(told, "k", { timeout: "1h" })
    .output(keep);
  return (behavior === undefined ? wait : wait.onError(behavior))
    .thenFn("after", () => "after")
    .output(keep)
    .build("unforgiving", 1);
}

/** A store in which something happens before the first commit that closes a wait. */
function closing(providers: Providers, act: () => Promise<unknown>): Providers {
  return meeting(providers, ({ closeSubscriptions }) => closeSubscriptions.length > 0, "before", act);
}

scenarios("the limit of a wait", (open) => {
  it("leads into its onTimeout block, which joins, at its time and not before", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(registers(limited), { sweepInterval: "1h" });
    const id = await host.startWorkflow(limited, { got: [] });

    await clock.advance(3_599_999);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable", data: { got: [] } });
    await clock.advance(1);

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["late 1", "late 2", "joined"] } });
    expect((await host.getHistory(id)).map(({ stepName, status }) => [stepName, status])).toEqual([
      ["waitFor told", "complete"],
      ["waitFor told: timeout", "complete"],
      ["late 1", "complete"],
      ["late 2", "complete"],
      ["joined", "complete"],
    ]);
    expect(await host.getErrors(id)).toEqual([]);
  });

  it("does nothing when the event came in time", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(registers(limited), { sweepInterval: "1h" });
    const id = await host.startWorkflow(limited, { got: [] });

    await clock.advance(3_599_999);
    await host.publishEvent(told, "k", "in time");
    await clock.advance("2h");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["joined"] } });
    expect((await host.getHistory(id)).map(({ stepName }) => stepName)).toEqual(["waitFor told", "joined"]);
  });

  it("leaves the output mappings of its wait alone: there is no payload", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Got & { approved: boolean }>()
      .waitFor<boolean>("approved", "k", { timeout: "1h" })
      .saveAs("approved")
      .output((_, data) => void data.got.push("mapped"))
      .onTimeout((b) => b.thenFn("late", () => "late").output(keep))
      .build("mapped", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { sweepInterval: "1h" });
    const id = await host.startWorkflow(definition, { got: [], approved: false });

    await clock.advance("1h");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["late"], approved: false } });
  });

  it("counts from when the wait begins, selected from the data of that moment, for each branch by itself", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Got & { minutes: number }>()
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .delay("10m")
              .thenFn("set", () => 7)
              .saveAs("minutes")
              .waitFor(told, "k", { timeout: (data) => data.minutes * 60_000 })
              .onTimeout((c) => c.thenFn("seventeen", () => "17").output(keep)),
          )
          .branch((b) => b.waitFor(told, "k", { timeout: "12m" }).onTimeout((c) => c.thenFn("twelve", () => "12").output(keep)))
          .branch((b) => b.waitFor(told, "k", { timeout: 0 }).onTimeout((c) => c.thenFn("none", () => "0").output(keep))),
      )
      .build("branches", 1);
    const host = await newHost((h) => h.registerWorkflowDefinition(definition), { sweepInterval: "1h" });
    const id = await host.startWorkflow(definition, { got: [], minutes: 100 });
    const got: unknown[] = [];

    for (const advance of [0, 719_999, 1, 299_999, 1]) {
      await clock.advance(advance);
      got.push(((await host.getWorkflow(id)).data as Got).got);
    }

    expect(got).toEqual([["0"], ["0"], ["0", "12"], ["0", "12"], ["0", "12", "17"]]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });

  it("fails the step with a TimeoutError, which no behavior but the step's own retries", async () => {
    const { host: newHost, clock } = await open();
    const inside = new WorkflowBuilder<Got>()
      .ifDo(
        () => true,
        (b) => b.waitFor(told, "k", { timeout: "1h" }).output(keep),
      )
      .onError(ErrorBehavior.retry({ interval: "1m", maxRetries: 5 }))
      .build("inside", 1);
    const definitions = [unforgiving(), inside];
    const host = await newHost(registers(...definitions), { sweepInterval: "1h" });
    const ids = await Promise.all(definitions.map((definition) => host.startWorkflow(definition, { got: [] })));

    await clock.advance("3h");

    for (const id of ids) {
      expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { got: [] }, error: { code: "WFE_TIMEOUT" } });
      expect(await host.getErrors(id)).toMatchObject([{ step: "waitFor told", attempt: 1, code: "WFE_TIMEOUT" }]);
    }
  });

  it("begins anew when the failed wait is resumed, and finds what was published since", async () => {
    const { host: newHost, clock } = await open();
    const definition = unforgiving();
    const host = await newHost(registers(definition), { sweepInterval: "1h" });
    const [waits, finds] = [await host.startWorkflow(definition, { got: [] }), await host.startWorkflow(definition, { got: [] })];
    await clock.advance("1h");

    await host.resumeWorkflow(waits);
    await clock.advance(3_599_999);
    expect(await host.getWorkflow(waits)).toMatchObject({ status: "runnable", data: { got: [] } });
    await clock.advance(1);
    expect(await host.getWorkflow(waits)).toMatchObject({ status: "suspended", error: { code: "WFE_TIMEOUT" } });
    await host.publishEvent(told, "k", "late");
    await host.resumeWorkflow(finds);
    await clock.settle();

    expect(await host.getWorkflow(finds)).toMatchObject({ status: "complete", data: { got: ["late", "after"] } });
    expect((await host.getErrors(waits)).map(({ code, attempt }) => [code, attempt])).toEqual([
      ["WFE_TIMEOUT", 1],
      ["WFE_TIMEOUT", 2],
    ]);
  });

  it("is retried when the step itself says so: each attempt waits the whole time, and finds what came between", async () => {
    const { host: newHost, clock } = await open();
    const definition = unforgiving(ErrorBehavior.retry({ interval: "10m", maxRetries: 2 }));
    const host = await newHost(registers(definition), { sweepInterval: "1h" });
    const early = await host.startWorkflow(definition, { got: [] });
    await clock.advance("1h");
    const late = await host.startWorkflow(definition, { got: [] });

    await clock.advance("70m"); // 130 minutes: the first has failed twice, the second once, 10 minutes ago
    expect(await host.getErrors(early)).toMatchObject([{ code: "WFE_TIMEOUT" }, { code: "WFE_TIMEOUT" }]);
    expect(await host.getErrors(late)).toMatchObject([{ code: "WFE_TIMEOUT" }]);
    await clock.advance("75m"); // the first has failed for the third time, at 200; the second for the second time, at 190, and waits since 200
    expect(await host.getWorkflow(early)).toMatchObject({ status: "suspended", error: { code: "WFE_TIMEOUT" } });
    expect((await host.getErrors(early)).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    await clock.advance("55m"); // it has failed for the third time, too
    expect(await host.getWorkflow(late)).toMatchObject({ status: "suspended" });

    const between = await host.startWorkflow(definition, { got: [] });
    await clock.advance("65m");
    await host.publishEvent(told, "k", "between");
    await clock.advance(299_999);
    expect(await host.getWorkflow(between)).toMatchObject({ status: "runnable", data: { got: [] } });
    await clock.advance(1);
    expect(await host.getWorkflow(between)).toMatchObject({ status: "complete", data: { got: ["between", "after"] } });
  });

  it("loses against an event that is delivered first at the same instant", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(registers(limited), { sweepInterval: "40m" }); // no sweep at that instant
    const publish = (): void => void host.publishEvent(told, "k", "first");
    clock.setTimer(3_600_000, publish); // set before the timer of the wait is, so it fires before it

    const id = await host.startWorkflow(limited, { got: [] });
    await clock.advance("2h");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["joined"] } });
  });

  it("loses against an event that is delivered while its own commit is under way", async () => {
    const { build, host: newHost, store, clock } = await open();
    const definition = unforgiving();
    const publisher = await newHost(undefined, { sweepInterval: "1h" });
    const deliver = async (): Promise<void> => {
      const id = await publisher.publishEvent(told, "k", "in time");
      for (let turn = 0; turn < 1_000 && !(await publisher.getEvent(id)).delivered; turn += 1)
        await new Promise<void>((resolve) => clock.defer(resolve));
    };
    const host = build(registers(definition), { sweepInterval: "1h" }, closing(store.open(), deliver));
    await host.start();
    const id = await host.startWorkflow(definition, { got: [] });

    await clock.advance(3_600_000);

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["in time", "after"] } });
    expect(await host.getErrors(id)).toEqual([]);
  });

  it("leaves the event that comes after it to the next wait", async () => {
    const { host: newHost, clock } = await open();
    const definition = new WorkflowBuilder<Got>()
      .waitFor(told, "k", { timeout: "1m" })
      .onTimeout((b) => b.thenFn("late", () => "late").output(keep))
      .delay("10m")
      .waitFor(told, "k")
      .output(keep)
      .build("two", 1);
    const host = await newHost(registers(definition), { sweepInterval: "1h" });
    const id = await host.startWorkflow(definition, { got: [] });
    await clock.advance("5m");

    await host.publishEvent(told, "k", "for the second");
    await clock.advance("6m");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { got: ["late", "for the second"] } });
  });

  it("that ended during a suspension holds at resume, but not against an event that came meanwhile", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(registers(limited, unforgiving()), { sweepInterval: "1h" });
    const ids = [await host.startWorkflow(limited, { got: [] }), await host.startWorkflow(unforgiving(), { got: [] })] as const;
    const [nothingCame, somethingCame] = ids;
    await clock.advance("1m");
    for (const id of ids) expect(await host.suspendWorkflow(id)).toBe(true);

    await clock.advance("2h");
    for (const id of ids) expect(await host.getWorkflow(id)).toMatchObject({ status: "suspended", data: { got: [] } });
    await host.resumeWorkflow(nothingCame);
    await clock.settle();
    await host.publishEvent(told, "k", "meanwhile");
    await clock.advance("1m");
    await host.resumeWorkflow(somethingCame);
    await clock.settle();

    expect(await host.getWorkflow(nothingCame)).toMatchObject({ status: "complete", data: { got: ["late 1", "late 2", "joined"] } });
    expect(await host.getWorkflow(somethingCame)).toMatchObject({ status: "complete", data: { got: ["meanwhile", "after"] } });
  });
});
