import { expect, it } from "vitest";
import { type BranchBuilder, type Chain, ErrorBehavior, ExecutionResult, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";
import { begin, statuses, Trace, type Traced } from "./traced-saga.ts";

const w = (): WorkflowBuilder<Traced> => new WorkflowBuilder<Traced>();
type Block = (b: BranchBuilder<Traced>) => Chain;

/** Every container, with a block that runs once in it. */
const CONTAINERS: Record<string, (b: BranchBuilder<Traced>, block: Block) => Chain> = {
  ifDo: (b, block) => b.ifDo(() => true, block),
  otherwise: (b, block) =>
    b.ifDo(
      () => false,
      (x) => x.thenFn("no", () => {}),
      block,
    ),
  whileDo: (b, block) =>
    b
      .thenFn("none", () => 0)
      .saveAs("n")
      .whileDo(
        (data) => data.n === 0,
        (x) =>
          x
            .thenFn("one", () => 1)
            .saveAs("n")
            .use(block),
      ),
  forEach: (b, block) => b.forEach(() => [1], block as never),
  sequentialForEach: (b, block) => b.forEach(() => [1], block as never, { parallel: false }),
  parallel: (b, block) => b.parallel((p) => p.branch(block)),
  decide: (b, block) =>
    b.decide(
      () => "x",
      (d) => d.case("x", block).otherwise((x) => x.thenFn("no", () => {})),
    ),
  onOutcome: (b, block) => b.thenFn("o", () => ExecutionResult.outcome("x")).onOutcome("x", block),
  onTimeout: (b, block) => b.waitFor("never", "key", { timeout: "1s" }).onTimeout(block),
  schedule: (b, block) => b.schedule("1s", block),
  recur: (b, block) =>
    b.recur(
      "1s",
      (data) => data.n === 7,
      (x) =>
        x
          .use(block)
          .thenFn("seven", () => 7)
          .saveAs("n"),
    ),
  children: (b, block) => b.thenFn("branches", () => ExecutionResult.branch([1])).children(block as never),
};

scenarios("a saga in a container", (open) => {
  it("is undone there, and the container goes on and ends normally, whatever kind it is of", async () => {
    for (const [kind, build] of Object.entries(CONTAINERS)) {
      const scenario = await open();
      const trace = new Trace(scenario.clock);
      const block: Block = (b) =>
        b
          .saga((x) =>
            x
              .thenFn(...trace.does("a"))
              .compensateWithFn(...trace.undoes("a"))
              .thenFn(...trace.fails("b"))
              .compensateWithFn(...trace.undoes("b")),
          )
          .thenFn(...trace.does("behind"));
      const definition = w()
        .use((b) => build(b, block))
        .build("w", 1);

      const { host, id } = await begin(scenario, definition);
      await scenario.clock.advance("5s");

      expect([kind, ...trace.lines]).toEqual([kind, "a", "b fails", "undo b", "undo a", "behind"]);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no b" } });
      expect([kind, ...(await statuses(host, id)).filter((line) => /cancelled|failed/.test(line))]).toEqual([kind]);
    }
  });

  it("is undone for its own iteration alone, side by side or one after the other", async () => {
    for (const parallel of [true, false]) {
      const scenario = await open();
      const trace = new Trace(scenario.clock);
      const definition = w()
        .forEach(
          () => [1, 2, 3],
          (each) =>
            each
              .saga((b) =>
                b
                  .thenFn(...trace.doesItem("a"))
                  .compensateWithFn(...trace.undoesItem("a"))
                  .thenFn("b", (ctx) => {
                    if (ctx.item === 2) throw new Error("no 2");
                  })
                  .compensateWithFn(...trace.undoesItem("b")),
              )
              .compensateWithFn(...trace.undoesItem("saga"))
              .thenFn(...trace.doesItem("c")),
          { parallel },
        )
        .build("w", 1);

      const { host, id } = await begin(scenario, definition);

      expect(trace.lines.filter((line) => line.endsWith("2"))).toEqual(["a 2", "undo b 2", "undo a 2", "undo saga 2", "c 2"]);
      expect(trace.lines.filter((line) => !line.endsWith("2")).toSorted()).toEqual(["a 1", "a 3", "c 1", "c 3"]);
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no 2" } });
    }
  });

  it("is undone in each run of a recurrence and each iteration of a loop, which go on", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const block: Block = (b) =>
      b.saga((x) =>
        x
          .thenFn("count", (ctx) => ctx.data.n + 1)
          .saveAs("n")
          .compensateWithFn("undo count", (ctx) => void trace.lines.push(`undo count ${ctx.data.n}`))
          .thenFn("fails", () => {
            throw new Error("no");
          }),
      );
    const definition = w()
      .whileDo((data) => data.n < 2, block)
      .recur("1s", (data) => data.n >= 4, block)
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    await scenario.clock.advance("10s");

    expect(trace.lines).toEqual(["undo count 1", "undo count 2", "undo count 3", "undo count 4"]);
    expect((await host.getWorkflow(id)).status).toBe("complete");
  });
});

scenarios("a container in a saga", (open) => {
  it("has its steps undone when it has finished, and when the failure is in it, whatever kind it is of", async () => {
    for (const [kind, build] of Object.entries(CONTAINERS)) {
      for (const where of ["inside", "behind"]) {
        const scenario = await open();
        const trace = new Trace(scenario.clock);
        const inside: Block = (b) => {
          const step = b.thenFn(...trace.does("b")).compensateWithFn(...trace.undoes("b"));
          return where === "behind" ? step : step.thenFn(...trace.fails("c"));
        };
        const definition = w()
          .saga((s) => {
            const first = s.thenFn(...trace.does("a")).compensateWithFn(...trace.undoes("a"));
            const container = first.use((b) => build(b, inside));
            return container.delay("5s").thenFn(...trace.fails("c"));
          })
          .thenFn(...trace.does("after"))
          .build("w", 1);

        const { host, id } = await begin(scenario, definition);
        await scenario.clock.advance("30s");

        expect([kind, where, ...trace.lines]).toEqual([kind, where, "a", "b", "c fails", "undo b", "undo a", "after"]);
        expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no c" } });
      }
    }
  });

  it("that fails itself is compensated as any step is: a list that cannot be selected", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .saga((b) =>
        b
          .thenFn(...trace.does("a"))
          .compensateWithFn(...trace.undoes("a"))
          .forEach(
            (): number[] => {
              throw new Error("no list");
            },
            (x) => x.thenFn("never", () => {}),
          ),
      )
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    expect(trace.lines).toEqual(["a", "undo a"]);
    expect(await statuses(host, id)).toEqual(["saga compensated", "a compensated", "forEach compensated", "undo a complete"]);
    expect(await host.getErrors(id)).toMatchObject([{ step: "forEach", attempt: 1, message: "no list" }]);
  });

  it("is left with goTo inside the saga: each visit of a step is undone", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .saga((b) =>
        b
          .thenFn("count", (ctx) => ctx.data.n + 1)
          .id("count")
          .saveAs("n")
          .compensateWithFn("undo", (ctx) => void trace.lines.push(`undo ${ctx.compensates?.pointer.id}`))
          .ifDo(
            (data) => data.n < 3,
            (x) => x.goTo("count"),
          )
          .thenFn(...trace.fails("a")),
      )
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    const visits = (await host.getHistory(id)).filter(({ stepName }) => stepName === "count").map((pointer) => `undo ${pointer.id}`);
    expect(visits).toHaveLength(3);
    expect(trace.lines).toEqual(["a fails", ...visits.toReversed()]);
  });

  it("undoes nothing when the workflow ends in it, or is terminated", async () => {
    for (const end of ["endWorkflow", "terminate", "terminateWorkflow"] as const) {
      const scenario = await open();
      const trace = new Trace(scenario.clock);
      const definition = w()
        .saga((b) => {
          const chain = b
            .thenFn(...trace.does("a"))
            .compensateWithFn(...trace.undoes("a"))
            .ifDo(
              () => true,
              (x) =>
                end === "endWorkflow"
                  ? x.endWorkflow()
                  : end === "terminate"
                    ? x
                        .thenFn(...trace.fails("b"))
                        .onError(ErrorBehavior.terminate())
                        .compensateWithFn(...trace.undoes("b"))
                    : x.delay("1h"),
            );
          return chain.thenFn(...trace.does("c"));
        })
        .compensateWithFn(...trace.undoes("all"))
        .thenFn(...trace.does("after"))
        .build("w", 1);

      const { host, id } = await begin(scenario, definition);
      if (end === "terminateWorkflow") await host.terminateWorkflow(id);
      await scenario.clock.advance("2h");

      expect(trace.lines.filter((line) => line !== "b fails")).toEqual(["a"]);
      expect((await host.getWorkflow(id)).status).toBe(end === "endWorkflow" ? "complete" : "terminated");
    }
  });
});
