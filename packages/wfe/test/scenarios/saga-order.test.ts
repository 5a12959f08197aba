import { expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";
import { begin, failures, statuses, Trace, type Traced } from "./traced-saga.ts";

const w = (): WorkflowBuilder<Traced> => new WorkflowBuilder<Traced>();

scenarios("the order in which a saga is undone", (open) => {
  it("is that of the ends, the last first, and not that of the beginnings", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .saga((b) =>
        b
          .parallel((p) =>
            p
              .branch((x) => x.thenFn(...trace.takes("slow", 3_000)).compensateWithFn(...trace.undoes("slow")))
              .branch((x) => x.thenFn(...trace.takes("quick", 1_000)).compensateWithFn(...trace.undoes("quick"))),
          )
          .thenFn(...trace.fails("end")),
      )
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("5s");

    expect(trace.lines.slice(4)).toEqual(["end fails", "undo slow", "undo quick"]);
    expect(await statuses(host, id)).toEqual([
      "saga compensated",
      "parallel complete",
      "slow compensated",
      "quick compensated",
      "end compensated",
      "undo slow complete",
      "undo quick complete",
    ]);
  });

  it("is kept where all end at the same instant", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const names = ["a", "b", "c", "d", "e"];
    const definition = w()
      .saga((b) =>
        b
          .forEach(
            () => names,
            (x) => x.thenFn(...trace.doesItem("do")).compensateWithFn(...trace.undoesItem("do")),
          )
          .thenFn(...trace.fails("end")),
      )
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    const ended = (await host.getHistory(id)).filter(({ stepName }) => stepName === "do");
    expect(new Set(ended.map(({ endedAt }) => endedAt?.getTime())).size).toBe(1);
    const byEnd = ended.toSorted((a, b) => (b.endSeq ?? 0) - (a.endSeq ?? 0)).map(({ item }) => `undo do ${item as string}`);
    expect(trace.lines.slice(names.length + 1)).toEqual(byEnd);
    expect(byEnd).toHaveLength(5);
  });

  it("runs one compensator at a time, the failed step's own first and the saga's own last, and takes no data back", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .saga((b) =>
        b
          .thenFn("a", () => 1)
          .saveAs("n")
          .compensateWithFn(...trace.takes("undo a", 1_000))
          .thenFn("b", () => 2)
          .saveAs("n")
          .compensateWithFn(...trace.takes("undo b", 1_000))
          .thenFn(...trace.fails("c"))
          .compensateWithFn(...trace.takes("undo c", 1_000)),
      )
      .compensateWithFn(...trace.takes("undo all", 1_000))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("10s");

    expect(trace.lines).toEqual(["c fails", ...["c", "b", "a", "all"].flatMap((name) => [`undo ${name} begins`, `undo ${name} ends`])]);
    // What the steps have written stays written: only compensators can take it back.
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 2 } });
  });

  it("leaves out steps that were skipped, never started, or have no compensator", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .saga((b) =>
        b
          .thenFn(...trace.does("plain"))
          .thenFn(...trace.does("skipped"))
          .when(() => false)
          .compensateWithFn(...trace.undoes("skipped"))
          .thenFn(...trace.does("a"))
          .compensateWithFn(...trace.undoes("a"))
          .thenFn(...trace.fails("b"))
          .thenFn(...trace.does("never"))
          .compensateWithFn(...trace.undoes("never")),
      )
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    expect(trace.lines).toEqual(["plain", "a", "b fails", "undo a"]);
    expect(await statuses(host, id)).toEqual([
      "saga compensated",
      "plain complete",
      "skipped skipped",
      "a compensated",
      "b compensated",
      "undo a complete",
    ]);
  });

  it("has no end: more than two pages of steps are undone, each once", async () => {
    const scenario = await open();
    const undone: number[] = [];
    const items = Array.from({ length: 230 }, (_, index) => index);
    const definition = w()
      .saga((b) =>
        b
          .forEach(
            () => items,
            (x) =>
              x
                .thenFn("do", () => {})
                .compensateWithFn("undo", (ctx) => void undone.push(ctx.index ?? -1))
                .thenFn("plain", () => {}),
            { parallel: false },
          )
          .thenFn("fail", () => {
            throw new Error("no");
          }),
      )
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    expect(undone).toEqual(items.toReversed());
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no" } });
    expect(await failures(host, id)).toEqual(["no"]);
  });

  it("is that of exactly one page where there is one", async () => {
    const scenario = await open();
    const undone: number[] = [];
    const definition = w()
      .saga((b) =>
        b
          .forEach(
            () => Array.from({ length: 100 }, (_, index) => index),
            (x) => x.thenFn("do", () => {}).compensateWithFn("undo", (ctx) => void undone.push(ctx.index ?? -1)),
            { parallel: false },
          )
          .thenFn("fail", () => {
            throw new Error("no");
          }),
      )
      .compensateWithFn("undo all", () => void undone.push(-2))
      .build("w", 1);

    await begin(scenario, definition);

    expect(undone).toEqual([...Array.from({ length: 100 }, (_, index) => 99 - index), -2]);
  });
});
