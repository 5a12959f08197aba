import { expect, it } from "vitest";
import { ErrorBehavior, WorkflowBuilder } from "../../src/index.ts";
import { scenarios } from "./scenario.ts";
import { begin, failures, statuses, Trace, type Traced } from "./traced-saga.ts";

const w = (): WorkflowBuilder<Traced> => new WorkflowBuilder<Traced>();

scenarios("sagas in sagas", (open) => {
  it("that have finished are undone by their own compensator alone, three deep", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .saga((one) =>
        one
          .thenFn(...trace.does("a"))
          .compensateWithFn(...trace.undoes("a"))
          .saga((two) =>
            two
              .thenFn(...trace.does("b"))
              .compensateWithFn(...trace.undoes("b"))
              .saga((three) => three.thenFn(...trace.does("c")).compensateWithFn(...trace.undoes("c")))
              .compensateWithFn(...trace.undoes("three")),
          )
          .compensateWithFn(...trace.undoes("two"))
          .thenFn(...trace.fails("d")),
      )
      .compensateWithFn(...trace.undoes("one"))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    expect(trace.lines).toEqual(["a", "b", "c", "d fails", "undo two", "undo a", "undo one"]);
    expect(await statuses(host, id)).toEqual([
      "saga compensated",
      "a compensated",
      "saga compensated",
      "b complete",
      "saga complete",
      "c complete",
      "d compensated",
      "undo two complete",
      "undo a complete",
      "undo one complete",
    ]);
  });

  it("that have finished without a compensator of their own are undone step by step, a deeper one that has one by that", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .saga((one) =>
        one
          .saga((two) =>
            two
              .thenFn(...trace.does("b"))
              .compensateWithFn(...trace.undoes("b"))
              .saga((three) => three.thenFn(...trace.does("c")).compensateWithFn(...trace.undoes("c")))
              .compensateWithFn(...trace.undoes("three"))
              .thenFn(...trace.does("d"))
              .compensateWithFn(...trace.undoes("d")),
          )
          .thenFn(...trace.fails("e")),
      )
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    expect(trace.lines).toEqual(["b", "c", "d", "e fails", "undo d", "undo three", "undo b"]);
    expect((await statuses(host, id)).slice(0, 7)).toEqual([
      "saga compensated",
      "saga complete",
      "b compensated",
      "saga compensated",
      "c complete",
      "d compensated",
      "e compensated",
    ]);
  });

  it("that have been compensated before are not undone again", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const inner = (name: string, own: boolean) => (b: Parameters<Parameters<WorkflowBuilder<Traced>["saga"]>[0]>[0]) => {
      const saga = b.saga((x) =>
        x
          .thenFn(...trace.does(name))
          .compensateWithFn(...trace.undoes(name))
          .thenFn(...trace.fails(`${name} end`))
          .compensateWithFn(...trace.undoes(`${name} end`)),
      );
      return own ? saga.compensateWithFn(...trace.undoes(`saga of ${name}`)) : saga;
    };
    const definition = w()
      .saga((b) =>
        b
          .use(inner("a", true))
          .use(inner("b", false))
          .thenFn(...trace.does("c"))
          .compensateWithFn(...trace.undoes("c"))
          .thenFn(...trace.fails("d")),
      )
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    expect(trace.lines).toEqual([
      ...["a", "a end fails", "undo a end", "undo a", "undo saga of a"],
      ...["b", "b end fails", "undo b end", "undo b"],
      ...["c", "d fails", "undo c"],
    ]);
    expect(await failures(host, id)).toEqual(["no a end", "no b end", "no d"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no a end" } });
  });

  it("undo the innermost alone, and go on behind it", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .saga((one) =>
        one
          .thenFn(...trace.does("a"))
          .compensateWithFn(...trace.undoes("a"))
          .saga((two) =>
            two
              .thenFn(...trace.does("b"))
              .compensateWithFn(...trace.undoes("b"))
              .thenFn(...trace.fails("c")),
          )
          .thenFn(...trace.does("d")),
      )
      .thenFn(...trace.does("e"))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    expect(trace.lines).toEqual(["a", "b", "c fails", "undo b", "d", "e"]);
    expect(await statuses(host, id)).toEqual([
      "saga complete",
      "a complete",
      "saga compensated",
      "b compensated",
      "c compensated",
      "undo b complete",
      "d complete",
      "e complete",
    ]);
  });

  it("that are to compensate count as failures of the saga around, with the same error and without another record", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .saga((one) =>
        one
          .thenFn(...trace.does("a"))
          .compensateWithFn(...trace.undoes("a"))
          .saga((two) =>
            two
              .thenFn(...trace.does("b"))
              .compensateWithFn(...trace.undoes("b"))
              .saga((three) =>
                three
                  .thenFn(...trace.does("c"))
                  .compensateWithFn("undo c", (ctx) => void trace.lines.push(`undo c for ${ctx.compensates?.error.message}`))
                  .thenFn(...trace.fails("d")),
              )
              .compensateWithFn(...trace.undoes("three"))
              .onError(ErrorBehavior.compensate())
              .thenFn(...trace.does("never")),
          )
          .compensateWithFn("undo two", (ctx) => void trace.lines.push(`undo two for ${ctx.compensates?.error.message}`))
          .onError(ErrorBehavior.compensate())
          .thenFn(...trace.does("never")),
      )
      .thenFn(...trace.does("e"))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    expect(trace.lines).toEqual(["a", "b", "c", "d fails", "undo c for no d", "undo three", "undo b", "undo two for no d", "undo a", "e"]);
    expect(await failures(host, id)).toEqual(["no d"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no d" } });
    expect((await statuses(host, id)).filter((line) => line.startsWith("saga"))).toEqual([
      "saga compensated",
      "saga compensated",
      "saga compensated",
    ]);
  });

  it("that are to compensate outside of any other go on behind themselves", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .saga((b) => b.thenFn(...trace.fails("a")).compensateWithFn(...trace.undoes("a")))
      .onError(ErrorBehavior.compensate())
      .thenFn(...trace.does("b"))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);

    expect(trace.lines).toEqual(["a fails", "undo a", "b"]);
    expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", error: { message: "no a" } });
  });

  it("leave the retry to the saga around when they are to compensate, and the instance has no error in the end", async () => {
    const scenario = await open();
    const trace = new Trace(scenario.clock);
    const definition = w()
      .saga((one) =>
        one
          .thenFn(...trace.does("a"))
          .compensateWithFn(...trace.undoes("a"))
          .saga((two) => two.thenFn(...trace.fails("b", { times: 1 })).compensateWithFn(...trace.undoes("b")))
          .onError(ErrorBehavior.compensate()),
      )
      .onError(ErrorBehavior.retry({ interval: "10s" }))
      .build("w", 1);

    const { host, id } = await begin(scenario, definition);
    expect(trace.lines).toEqual(["a", "b fails", "undo b", "undo a"]);
    expect((await host.getWorkflow(id)).error).toBeUndefined();
    await scenario.clock.advance("10s");

    expect(trace.lines.slice(4)).toEqual(["a", "b"]);
    const instance = await host.getWorkflow(id);
    expect(instance).toMatchObject({ status: "complete" });
    expect(instance.error).toBeUndefined();
  });
});
