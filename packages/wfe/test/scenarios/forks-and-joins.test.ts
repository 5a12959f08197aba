import { expect, it } from "vitest";
import { ErrorBehavior, ExecutionResult, WorkflowBuilder, type WorkflowDefinition, type WorkflowHost } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  n: number;
  seen: string[];
}

const add = (text: string, data: Data): void => void data.seen.push(text);
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const fresh = (): Data => ({ n: 0, seen: [] });
const seldom = { sweepInterval: "1d" } as const;

scenarios("a fork", (open) => {
  it("holds the container that it stands in, of every kind, and no other", async () => {
    const { host: newHost, clock } = await open();
    const start = clock.now();
    const says = (what: string) => (): string => `${what} ${(clock.now() - start) / 1_000}`;
    const definitions = [
      w().ifDo(
        () => true,
        (b) => b.schedule("1s", (c) => c.thenFn("fork", says("fork")).output(add)),
      ),
      w().whileDo(
        (data) => data.seen.length < 1,
        (b) => b.schedule("1s", (c) => c.thenFn("fork", says("fork")).output(add)),
      ),
      w().forEach(
        () => [1],
        (b) => b.schedule("1s", (c) => c.thenFn("fork", says("fork")).output(add)),
      ),
      w().parallel((p) => p.branch((b) => b.schedule("1s", (c) => c.thenFn("fork", says("fork")).output(add)))),
      w().saga((b) => b.schedule("1s", (c) => c.thenFn("fork", says("fork")).output(add))),
      w().decide(
        () => 1,
        (d) => d.case(1, (b) => b.schedule("1s", (c) => c.thenFn("fork", says("fork")).output(add))),
      ),
      w()
        .thenFn("route", () => ExecutionResult.outcome("x"))
        .onOutcome("x", (b) => b.schedule("1s", (c) => c.thenFn("fork", says("fork")).output(add))),
      w()
        .waitFor("never", "k", { timeout: 0 })
        .onTimeout((b) => b.schedule("1s", (c) => c.thenFn("fork", says("fork")).output(add))),
    ].map((chain, n) => chain.thenFn("joined", says("joined")).output(add).build(`w${n}`, 1));
    const host = await newHost(registers(...definitions), seldom);

    const ids = await Promise.all(definitions.map((definition) => host.startWorkflow(definition, fresh())));
    await clock.advance("1s");

    const ends = await Promise.all(ids.map(async (id) => await host.getWorkflow(id)));
    expect(ends.map(({ status, data }) => [status, (data as Data).seen])).toEqual(definitions.map(() => ["complete", ["fork 1", "joined 1"]]));
  });

  it("that recurs holds each iteration of a sequential forEach, with its item", async () => {
    const { host: newHost, clock } = await open();
    const start = clock.now();
    const definition = w()
      .forEach(
        () => ["a", "b"],
        (b) =>
          b
            .recur(
              "1s",
              (data, ctx) => data.seen.filter((text) => text.startsWith(`${String(ctx.item)} run`)).length === 2,
              (c) => c.thenFn("run", (ctx) => `${ctx.item} run ${(clock.now() - start) / 1_000}`).output(add),
            )
            .thenFn("behind", (ctx) => `${ctx.item} behind`)
            .output(add),
        { parallel: false },
      )
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("5s");

    expect(await host.getWorkflow(id)).toMatchObject({
      status: "complete",
      data: { seen: ["a run 0", "a behind", "a run 1", "b run 1", "b behind", "b run 2"] },
    });
  });

  it("is left behind by none of several: an instance ends with the last", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .schedule("3s", (b) => b.thenFn("three", () => "3").output(add))
      .schedule("1s", (b) => b.thenFn("one", () => "1").output(add))
      .recur(
        "2s",
        (data) => data.n === 3,
        (b) => b.thenFn("count", (ctx) => ctx.data.n + 1).saveAs("n"),
      )
      .thenFn("behind", () => "0")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const id = await host.startWorkflow(definition, fresh());

    await clock.advance(3_999);
    expect((await host.getWorkflow(id)).status).toBe("runnable");
    await clock.advance(1);

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 3, seen: ["0", "1", "3"] } });
  });

  it("begins anew each time that a loop comes by", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .thenFn("begin", (ctx) => ctx.data.n + 1)
      .id("begin")
      .saveAs("n")
      .schedule("1m", (b) => b.thenFn("fork", (ctx) => `fork of ${ctx.data.n}`).output(add))
      .ifDo(
        (data) => data.n < 3,
        (b) => b.delay("10s").goTo("begin"),
      )
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("80s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["fork of 3", "fork of 3", "fork of 3"] } });
  });

  it("in a saga is undone with it: what is to come is cancelled, what has run is compensated", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .saga((b) =>
        b
          .schedule("1s", (c) =>
            c
              .thenFn("forked", () => "forked")
              .output(add)
              .compensateWithFn("undo", () => {}),
          )
          .schedule("1h", (c) => c.thenFn("never", () => expect.fail("it is cancelled")))
          .recur(
            "10m",
            () => false,
            (c) => c.thenFn("run", (ctx) => ctx.data.n + 1).saveAs("n"),
          )
          .delay("2s")
          .thenFn("fails", () => {
            throw new Error("broken");
          })
          .onError(ErrorBehavior.compensate()),
      )
      .thenFn("behind", () => "behind")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("2s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 1, seen: ["forked", "behind"] } });
    const statuses = (await host.getHistory(id)).map(({ stepName, status }) => [stepName, status]);
    expect(statuses).toContainEqual(["forked", "compensated"]);
    expect(statuses.filter(([, status]) => status === "cancelled")).toEqual([
      ["schedule", "cancelled"],
      ["recur", "cancelled"],
    ]);
  });

  it("is cancelled by endWorkflow and by a termination, and its block is aborted", async () => {
    const { host: newHost, clock } = await open();
    const reasons: unknown[] = [];
    const forked = (): WorkflowBuilder<Data> => w();
    const block = (id: string, ends: boolean): WorkflowDefinition<Data> => {
      const chain = forked()
        .recur(
          "1h",
          () => false,
          (b) => b.thenFn("hangs", (ctx) => new Promise<void>(() => ctx.signal.addEventListener("abort", () => reasons.push(ctx.signal.reason)))),
        )
        .schedule("1h", (b) => b.thenFn("never", () => expect.fail("the instance is over")))
        .delay("1s");
      return ends ? chain.endWorkflow().build(id, 1) : chain.waitFor("never", "k").build(id, 1);
    };
    const ending = block("ending", true);
    const endless = block("endless", false);
    const host = await newHost(registers(ending, endless), seldom);
    const ids = [await host.startWorkflow(ending, fresh()), await host.startWorkflow(endless, fresh())] as const;
    await clock.advance("1s");

    await host.terminateWorkflow(ids[1]);
    await clock.advance("2h");

    expect([(await host.getWorkflow(ids[0])).status, (await host.getWorkflow(ids[1])).status]).toEqual(["complete", "terminated"]);
    expect(reasons).toMatchObject([{ reason: "cancelled" }, { reason: "terminated" }]);
  });

  it("is refused beyond the limit of open pointers: a loop may fork without end (fault 78)", async () => {
    const { host: newHost, clock } = await open();
    const turns = (b: WorkflowBuilder<{ n: number }>) =>
      b
        .thenFn("top", (ctx) => ctx.data.n + 1)
        .saveAs("n")
        .id("top");
    const schedules = turns(new WorkflowBuilder<{ n: number }>())
      .schedule("1d", (b) => b.delay("1d"))
      .goTo("top")
      .build("schedules", 1);
    const recurs = turns(new WorkflowBuilder<{ n: number }>())
      .recur(
        "1d",
        () => false,
        (b) => b.delay("1h"),
      )
      .goTo("top")
      .build("recurs", 1);
    const register = (host: WorkflowHost): void => [schedules, recurs].forEach((definition) => host.registerWorkflowDefinition(definition));
    const host = await newHost(register, { maxOpenPointers: 20 });

    const ids = [await host.startWorkflow(schedules, { n: 0 }), await host.startWorkflow(recurs, { n: 0 })];
    await clock.settle();

    const found = await Promise.all(ids.map((id) => host.getWorkflow(id)));
    expect(found).toMatchObject([
      { status: "suspended", data: { n: 20 }, error: { code: "WFE_POINTERS_TOO_MANY" } },
      { status: "suspended", data: { n: 10 }, error: { code: "WFE_POINTERS_TOO_MANY" } },
    ]);
  });
});
