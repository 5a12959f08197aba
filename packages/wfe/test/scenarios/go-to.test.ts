import { expect, it } from "vitest";
import { ExecutionResult, WorkflowBuilder } from "../../src/index.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  n: number;
  seen: string[];
}

const add = (text: string, data: Data): void => void data.seen.push(text);
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const fresh = (): Data => ({ n: 0, seen: [] });
const seldom = { sweepInterval: "1d" } as const;
const never = (): never => expect.fail("it was jumped over");

scenarios("goTo", (open) => {
  it("goes forward and back in its own chain, out of an ifDo", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .ifDo(
        () => true,
        (b) => b.goTo("middle"),
      )
      .thenFn("jumped over", never)
      .thenFn("middle", (ctx) => `middle ${ctx.data.n}`)
      .id("middle")
      .output((text, data) => {
        add(text, data);
        data.n += 1;
      })
      .ifDo(
        (data) => data.n < 3,
        (b) =>
          b
            .thenFn("again", () => "again")
            .output(add)
            .goTo("middle"),
      )
      .thenFn("end", () => "end")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({
      status: "complete",
      data: { seen: ["middle 0", "again", "middle 1", "again", "middle 2", "end"] },
    });
    expect((await host.getHistory(id)).slice(0, 5).map(({ stepName, status }) => [stepName, status])).toEqual([
      ["ifDo", "complete"],
      ["goTo middle", "complete"],
      ["middle", "complete"],
      ["ifDo", "complete"],
      ["again", "complete"],
    ]);
  });

  it("leaves every container that it may, several deep, and cancels what else is open in them, forks too", async () => {
    const { host: newHost, clock, record } = await open();
    const definition = w()
      .forEach(
        () => ["a", "b"],
        (b1) =>
          b1
            .schedule("1h", (f) => f.thenFn("fork in the iteration", never))
            .whileDo(
              () => true,
              (b2) =>
                b2.decide(
                  () => 1,
                  (d) =>
                    d.case(1, (b3) =>
                      b3
                        .recur(
                          "1h",
                          () => false,
                          (f) => f.thenFn("hangs", () => new Promise(() => {})),
                        )
                        .thenFn("route", () => ExecutionResult.outcome("x"))
                        .onOutcome("x", (b4) =>
                          b4
                            .waitFor("never", "k", { timeout: "1s" })
                            .onTimeout((b5) =>
                              b5.ifDo(
                                () => true,
                                (b6) =>
                                  b6
                                    .thenFn("leaves", (ctx) => `leaves ${ctx.item}`)
                                    .output(add)
                                    .goTo("end"),
                              ),
                            )
                            .thenFn("never", never),
                        ),
                    ),
                ),
            ),
        { parallel: false },
      )
      .thenFn("jumped over", never)
      .thenFn("end", (ctx) => `end ${ctx.item === undefined && ctx.index === undefined}`)
      .id("end")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);
    const events = record(host);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("1s");

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { seen: ["leaves a", "end true"] } });
    expect((await host.getHistory(id)).map(({ stepName, status }) => [stepName, status])).toEqual([
      ["forEach", "complete"],
      ["schedule", "cancelled"],
      ["whileDo", "complete"],
      ["decide", "complete"],
      ["recur", "cancelled"],
      ["hangs", "cancelled"],
      ["route", "complete"],
      ["route: outcome", "complete"],
      ["waitFor never", "complete"],
      ["waitFor never: timeout", "complete"],
      ["ifDo", "complete"],
      ["leaves", "complete"],
      ["goTo end", "complete"],
      ["end", "complete"],
    ]);
    const steps = events.flatMap((event) => (event.type === "stepCompleted" ? [event.step] : []));
    expect(steps).toEqual(["route", "waitFor never", "leaves", "goTo end", "end"]);
  });

  it("stays within its iteration when its target does, with its item and index; others are left alone", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .forEach(
        () => ["a", "b", "c"],
        (b) =>
          b
            .thenFn("begin", (ctx) => `${ctx.item}${ctx.index} ${ctx.data.n}`)
            .id("begin")
            .output((text, data) => {
              add(text, data);
              data.n += 1;
            })
            .forEach(
              () => ["inner"],
              (c) =>
                c.ifDo(
                  (data) => data.n % 2 === 1,
                  (d) => d.goTo("begin"),
                ),
              { parallel: false },
            ),
        { parallel: false },
      )
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({
      status: "complete",
      data: { seen: ["a0 0", "a0 1", "b1 2", "b1 3", "c2 4", "c2 5"] },
    });
  });

  it("jumps within one iteration of a parallel forEach, and within a branch, a saga and a fork", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .forEach(
        () => [1, 2],
        (b) =>
          b
            .thenFn("in iteration", (ctx) => `${ctx.item}`)
            .id("again")
            .output(add)
            .ifDo(
              (data, ctx) => data.seen.filter((text) => text === `${String(ctx.item)}`).length < 2,
              (c) => c.goTo("again"),
            ),
      )
      .parallel((p) =>
        p.branch((b) =>
          b.saga((c) =>
            c
              .thenFn("in saga", () => "saga")
              .id("saga")
              .output(add)
              .ifDo(
                (data) => data.seen.at(-2) !== "saga",
                (d) => d.goTo("saga"),
              ),
          ),
        ),
      )
      .schedule("1s", (b) =>
        b
          .thenFn("in fork", () => "fork")
          .id("fork")
          .output(add)
          .ifDo(
            (data) => data.seen.at(-2) !== "fork",
            (c) => c.goTo("fork"),
          ),
      )
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.advance("1s");

    const { status, data } = await host.getWorkflow(id);
    const { seen } = data as Data;
    expect([status, seen.slice(0, 4).toSorted(), seen.slice(4)]).toEqual(["complete", ["1", "1", "2", "2"], ["saga", "saga", "fork", "fork"]]);
  });

  it("loops thousands of times, bodies or engine steps alone, and lets others have their turn", async () => {
    const { host: newHost, clock } = await open();
    let asked = 0;
    const bodies = w()
      .thenFn("count", (ctx) => ctx.data.n + 1)
      .id("count")
      .saveAs("n")
      .ifDo(
        (data) => data.n < 2_000,
        (b) => b.goTo("count"),
      )
      .build("bodies", 1);
    const engine = w()
      .delay(0)
      .id("start")
      .ifDo(
        () => {
          asked += 1;
          return asked < 3_000;
        },
        (b) => b.goTo("start"),
      )
      .build("engine", 1);
    const host = await newHost(registers(bodies, engine), seldom);

    const ids = [await host.startWorkflow(bodies, fresh()), await host.startWorkflow(engine, fresh())] as const;
    await clock.settle();

    expect(await host.getWorkflow(ids[0])).toMatchObject({ status: "complete", data: { n: 2_000 } });
    expect([(await host.getWorkflow(ids[1])).status, asked]).toEqual(["complete", 3_000]);
  });

  it("follows what the target's cancelWhen says of it", async () => {
    const { host: newHost, clock } = await open();
    const definition = w()
      .thenFn("begin", (ctx) => ctx.data.n + 1)
      .id("begin")
      .saveAs("n")
      .cancelWhen((data) => data.n === 2, { proceed: true })
      .ifDo(
        (data) => data.seen.length < 1,
        (b) =>
          b
            .thenFn("note", (ctx) => `n is ${ctx.data.n}`)
            .output((text, data) => data.n === 2 && add(text, data))
            .goTo("begin"),
      )
      .thenFn("end", () => "end")
      .output(add)
      .build("w", 1);
    const host = await newHost(registers(definition), seldom);

    const id = await host.startWorkflow(definition, fresh());
    await clock.settle();

    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 2, seen: ["n is 2", "end"] } });
    expect((await host.getHistory(id)).flatMap(({ stepName, status }) => (stepName === "begin" ? [status] : []))).toEqual([
      "complete",
      "complete",
      "cancelled",
    ]);
  });
});
